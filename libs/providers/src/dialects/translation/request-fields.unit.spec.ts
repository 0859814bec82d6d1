import { GatewayError, type ChatRequest } from '#contracts';
import { RequestFields } from './request-fields.js';

const fieldsOf = (more: Partial<ChatRequest>): RequestFields =>
  new RequestFields({ model: 'm', messages: [], ...more }, 'Acme');

describe('the fields of a request', () => {
  it('names every field that nobody took', () => {
    const fields = fieldsOf({ seed: 7, top_p: 0.5, x: false });
    fields.take('top_p');
    expect(fields.warnings()).toEqual([
      'seed: left out, Acme has nothing like it',
      'x: left out, Acme has nothing like it',
    ]);
  });

  it('says nothing of fields without a value, or with one that asks for nothing', () => {
    const fields = fieldsOf({
      seed: null,
      n: 1,
      presence_penalty: 0,
      logprobs: false,
      logit_bias: {},
      modalities: ['text'],
      response_format: { type: 'text' },
      parallel_tool_calls: true,
      store: false,
    });
    expect(fields.take('n')).toBeUndefined();
    expect(fields.warnings()).toEqual([]);
  });

  it('says the same thing once', () => {
    const fields = fieldsOf({});
    fields.leaveOut('messages[].name');
    fields.leaveOut('messages[].name');
    expect(fields.warnings()).toHaveLength(1);
  });

  it('keeps what a caller calls a field from breaking out of a header', () => {
    const [warning] = fieldsOf({ 'x\r\nset-cookie: a=1 ☃': 1 }).warnings();
    expect(warning).toBe('x??set-cookie??a?1??: left out, Acme has nothing like it');
  });

  it('keeps warnings few and short, however many fields there are', () => {
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`${'x'.repeat(500)}${index}`, 1]));
    const distinct = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`x${index}`, 1]));
    const warnings = fieldsOf({ ...many, ...distinct }).warnings();
    expect(warnings).toHaveLength(33);
    expect(warnings.at(-1)).toBe('and others');
    expect(Math.max(...warnings.map(({ length }) => length))).toBeLessThan(120);
  });

  it('takes the lower of the two output limits', () => {
    expect(fieldsOf({ max_tokens: 9, max_completion_tokens: 7 }).takeOutputCap()).toBe(7);
    expect(fieldsOf({ max_tokens: 9 }).takeOutputCap()).toBe(9);
    expect(fieldsOf({}).takeOutputCap()).toBeUndefined();
  });

  it('refuses with the parameter and what to do', () => {
    const refuse = (): never => fieldsOf({}).refuse('n', 'Acme writes one answer');
    expect(refuse).toThrow(GatewayError);
    expect(refuse).toThrow('Remove `n` or choose another model: Acme writes one answer.');
  });
});
