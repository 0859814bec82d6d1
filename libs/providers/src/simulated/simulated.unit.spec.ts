import { Ajv } from 'ajv';
import type { ChatRequest } from '#contracts';
import { composeAnswer } from './compose-answer.js';
import { sampleOfSchema } from './sample-of-schema.js';
import { SeededDraws } from './seeded-draws.js';
import { SIMULATED_PROFILES } from './simulated-profiles.js';
import { writeChunks, writeCompletion } from './write-completion.js';

const ask = (more: Partial<ChatRequest> = {}): ChatRequest => ({
  model: 'gpt-4o',
  messages: [{ role: 'user', content: 'How warm is it in Oslo?' }],
  ...more,
});
const answerTo = (more: Partial<ChatRequest> = {}) => composeAnswer(ask(more), SIMULATED_PROFILES.swift);
const textOf = (more: Partial<ChatRequest> = {}): string => answerTo(more).choices[0]!.text.join('');

const WEATHER = {
  type: 'function' as const,
  function: {
    name: 'read_weather',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
};

describe('a simulated answer', () => {
  it('says what it is, and is the same for the same request', () => {
    expect(textOf()).toMatch(/^This is a simulated answer of Simulated Swift, in place of gpt-4o. You said: “How warm/);
    expect(answerTo()).toEqual(answerTo());
    expect(answerTo().id).not.toBe(answerTo({ model: 'gpt-4' }).id);
  });

  it('stops at the cap, at a stop sequence, and counts what it says', () => {
    const capped = answerTo({ max_tokens: 5 });
    expect(capped.choices[0]).toMatchObject({ finishReason: 'length', text: { length: 5 } });
    expect(capped.usage.completion_tokens).toBe(5);
    expect(textOf({ stop: ['zzz', ' answer'] })).toBe('This is a simulated');
  });

  it('thinks when asked to, within the cap', () => {
    const { choices, usage } = answerTo({ reasoning_effort: 'low', max_completion_tokens: 20 });
    expect([choices[0]!.reasoning.length, choices[0]!.text.length, choices[0]!.finishReason]).toEqual([
      16,
      4,
      'length',
    ]);
    expect(usage.completion_tokens_details.reasoning_tokens).toBe(16);
    expect(answerTo({ reasoning_effort: 'high', max_tokens: 3 }).usage.completion_tokens).toBe(3);
  });

  it('calls the tool that it is given, and answers once it has the result', () => {
    const [called] = answerTo({ tools: [WEATHER] }).choices;
    expect(called).toMatchObject({ finishReason: 'tool_calls', text: [], toolCall: { name: 'read_weather' } });
    expect(JSON.parse(called!.toolCall!.arguments.join(''))).toEqual({ city: 'simulated' });
    expect(answerTo({ tools: [WEATHER], tool_choice: 'none' }).choices[0]!.toolCall).toBeNull();
    expect(answerTo({ tools: [WEATHER], max_tokens: 1 }).choices[0]).toMatchObject({
      toolCall: null,
      finishReason: 'length',
    });
    const messages: ChatRequest['messages'] = [...ask().messages, { role: 'tool', tool_call_id: 'c', content: '4 °C' }];
    expect(textOf({ tools: [WEATHER], messages })).toContain('The tool said: “4 °C”.');
  });

  it('is JSON when JSON is asked for', () => {
    const schema = { type: 'object', properties: { celsius: { type: 'integer', minimum: 4 } }, required: ['celsius'] };
    const format = { type: 'json_schema', json_schema: { name: 'w', schema } };
    expect(JSON.parse(textOf({ response_format: format }))).toEqual({ celsius: 4 });
    expect(JSON.parse(textOf({ response_format: { type: 'json_object' } }))).toMatchObject({ simulated: true });
  });

  it('gives as many choices as asked for', () => {
    expect(answerTo({ n: 3 }).choices).toHaveLength(3);
  });

  it('takes what was said before the last message for cached', () => {
    const history = { role: 'user' as const, content: 'word '.repeat(100) };
    const { usage } = answerTo({ messages: [history, ...ask().messages] });
    expect(usage.prompt_tokens_details.cached_tokens).toBe(64);
    expect(usage.total_tokens).toBe(usage.prompt_tokens + usage.completion_tokens);
    expect(answerTo().usage.prompt_tokens_details.cached_tokens).toBe(0);
  });

  it('says the same whole and in chunks', () => {
    const answer = answerTo({ n: 2, reasoning_effort: 'low' });
    const whole = writeCompletion(answer, 1) as { choices: { message: { content: string } }[]; usage: object };
    const chunks = writeChunks(answer, 1, true) as {
      choices: { index: number; delta: { content?: string } }[];
      usage: object;
    }[];
    whole.choices.forEach(({ message }, index) => {
      const said = chunks.flatMap(({ choices }) => choices).filter((choice) => choice.index === index);
      expect(said.map(({ delta }) => delta.content ?? '').join('')).toBe(message.content);
    });
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: whole.usage });
    expect(writeChunks(answer, 1, false)).toHaveLength(chunks.length - 1);
  });
});

describe('sampleOfSchema', () => {
  it.each([
    [{ type: 'string', enum: ['warm', 'cold'] }],
    [{ const: 7 }],
    [{ type: ['string', 'null'], minLength: 20, maxLength: 22 }],
    [{ type: 'string', format: 'date-time' }],
    [{ type: 'number', exclusiveMinimum: 3, multipleOf: 5 }],
    [{ type: 'integer', minimum: -2, maximum: -2 }],
    [{ type: 'array', minItems: 3, items: { type: 'boolean' } }],
    [{ anyOf: [{ type: 'null' }, { type: 'string' }] }],
    [{ allOf: [{ type: 'object', properties: { a: { type: 'string' } } }, { required: ['a'] }] }],
    [{ properties: { a: { items: { type: 'integer' } } }, required: ['a', 'b'] }],
    [
      {
        type: 'object',
        properties: { head: { $ref: '#/$defs/node' } },
        required: ['head'],
        additionalProperties: false,
        $defs: {
          node: {
            type: 'object',
            properties: { next: { $ref: '#/$defs/node' }, id: { type: 'integer' } },
            required: ['id'],
          },
        },
      },
    ],
  ])('conforms to %j', (schema) => {
    const ajv = new Ajv({ strict: false, validateFormats: false });
    expect(ajv.validate(schema, sampleOfSchema(schema)) ? 'valid' : ajv.errorsText()).toBe('valid');
  });

  it('ends where the schema does not', () => {
    const endless = { type: 'object', properties: { self: { $ref: '#' } }, required: ['self'] };
    expect(JSON.stringify(sampleOfSchema(endless)).length).toBeLessThan(500);
    expect(sampleOfSchema(undefined)).toBeNull();
  });
});

describe('SeededDraws', () => {
  const sample = (draw: (draws: SeededDraws) => number): number[] => {
    const draws = new SeededDraws('seed');
    return Array.from({ length: 4_000 }, () => draw(draws)).sort((a, b) => a - b);
  };

  it('are even, and the same for the same seed', () => {
    const drawn = sample((draws) => draws.uniform());
    expect([drawn[0]! >= 0, drawn.at(-1)! < 1]).toEqual([true, true]);
    expect(drawn[2_000]).toBeCloseTo(0.5, 1);
    expect(sample((draws) => draws.uniform())).toEqual(drawn);
    expect(new SeededDraws('a', 'b').uniform()).not.toBe(new SeededDraws('ab').uniform());
  });

  it('spread delays around their median', () => {
    const drawn = sample((draws) => draws.logNormal(100, 0.5));
    expect(Math.abs(drawn[2_000]! - 100)).toBeLessThan(5);
    // One standard deviation above: 84 of 100 lie below.
    expect(Math.abs(Math.log(drawn[3_364]! / 100) - 0.5)).toBeLessThan(0.05);
  });
});
