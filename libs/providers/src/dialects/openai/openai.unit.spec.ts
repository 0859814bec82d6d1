import { readFileSync } from 'node:fs';
import { BadResponseError, type DialectTarget, type StreamFrameKind, type UpstreamRequest } from '../dialect.port.js';
import { SSE_EVENT_BYTES_MAX } from '../sse/sse-decoder.js';
import { openAiDialect } from './openai.dialect.js';
import { OPENAI_FAMILY } from './openai-family.js';
import { readUsage } from './read-usage.js';

const TARGET: DialectTarget = { model: 'served', stream: false, maxOutputTokens: null };
const MESSAGES = '"messages" : [ {"role":"user","content":"\\u00e9 \\/"} ]';

const fixture = (file: string): Buffer => readFileSync(new URL(`./__fixtures__/${file}`, import.meta.url));

function send(
  text: string,
  target: Partial<DialectTarget> = {},
  member: keyof typeof OPENAI_FAMILY = 'openai',
): UpstreamRequest {
  const chat = { bytes: Buffer.from(text), request: JSON.parse(text) };
  return openAiDialect(OPENAI_FAMILY[member]).toProvider(chat, { ...TARGET, ...target });
}

const sent = (...args: Parameters<typeof send>): string => send(...args).body.toString();

describe('a request to a member of the OpenAI family', () => {
  it('goes out as the caller wrote it, but for the model', () => {
    expect(sent(`{ "model" : "asked" ,\n ${MESSAGES}, "x_new": 1.0 }`)).toBe(
      `{ "model" : "served" ,\n ${MESSAGES}, "x_new": 1.0 }`,
    );
  });

  it('goes out as the very same bytes when nothing has to change', () => {
    const bytes = Buffer.from(`{"model":"served",${MESSAGES}}`);
    const request = JSON.parse(bytes.toString());
    expect(openAiDialect(OPENAI_FAMILY.openai).toProvider({ bytes, request }, TARGET).body).toBe(bytes);
  });

  it('asks for the stream that the target is', () => {
    expect(sent(`{"model":"served",${MESSAGES},"stream":true}`)).toBe(`{"model":"served",${MESSAGES},"stream":false}`);
    expect(send(`{"model":"served",${MESSAGES}}`, { stream: true }).headers['accept']).toBe('text/event-stream');
  });

  it.each([
    ['"stream":true', '"stream":true,"stream_options":{"include_usage":true}'],
    ['"stream":true,"stream_options":null', '"stream":true,"stream_options":{"include_usage":true}'],
    [
      '"stream_options":{"include_usage":false,"include_obfuscation":false},"stream":true',
      '"stream_options":{"include_usage":true,"include_obfuscation":false},"stream":true',
    ],
    [
      '"stream":true,"stream_options":{ "include_usage" : true }',
      '"stream":true,"stream_options":{ "include_usage" : true }',
    ],
  ])('turns %s into %s', (given, expected) => {
    expect(sent(`{"model":"served",${MESSAGES},${given}}`, { stream: true })).toBe(
      `{"model":"served",${MESSAGES},${expected}}`,
    );
  });

  it('takes stream_options away from a provider that sends usage anyway', () => {
    const given = `{"model":"served",${MESSAGES},"stream":true,"stream_options":{"include_usage":true}}`;
    expect(sent(given, { stream: true }, 'mistral')).toBe(`{"model":"served",${MESSAGES},"stream":true}`);
  });

  it.each([
    ['openai', '', ',"max_completion_tokens":50'],
    ['openai', ',"max_tokens":900', ',"max_tokens":50'],
    ['openai', ',"max_completion_tokens":null', ',"max_completion_tokens":50'],
    ['openai', ',"max_tokens":900,"max_completion_tokens":800', ',"max_tokens":50,"max_completion_tokens":50'],
    ['custom', '', ',"max_tokens":50'],
    ['deepseek', ',"max_completion_tokens":900', ',"max_tokens":50'],
  ] as const)('caps the output of %s, given %j, as %j', (member, given, expected) => {
    const body = sent(`{"model":"served",${MESSAGES}${given}}`, { maxOutputTokens: 50 }, member);
    expect(body).toBe(`{"model":"served",${MESSAGES}${expected}}`);
  });

  it.each([
    [',"max_completion_tokens":null', ''],
    [',"max_completion_tokens":70', ',"max_tokens":70'],
    [',"max_tokens":60,"max_completion_tokens":70', ',"max_tokens":60'],
  ])('renames a cap that the provider does not know: %j to %j', (given, expected) => {
    expect(sent(`{"model":"served",${MESSAGES}${given}}`, {}, 'zai')).toBe(`{"model":"served",${MESSAGES}${expected}}`);
  });

  it('takes away what asks for nothing, without a warning, where the provider does not know the field', () => {
    const given = `{"model":"served",${MESSAGES},"seed":null,"logprobs":null,"user":null,"temperature":null}`;
    const { body, warnings } = send(given, {}, 'mistral');
    expect([body.toString(), warnings]).toEqual([`{"model":"served",${MESSAGES},"temperature":null}`, []]);
  });

  it.each([
    ['minimax', '1.5', '1', /^temperature was changed: lowered to 1/],
    ['minimax', '0', '0.01', /^temperature was changed: raised to 0.01/],
    ['mistral', '2', '1.5', /^temperature was changed/],
  ] as const)('keeps the temperature within what %s takes: %s becomes %s', (member, given, expected, warning) => {
    const { body, warnings } = send(`{"model":"served",${MESSAGES},"temperature":${given}}`, {}, member);
    expect(body.toString()).toBe(`{"model":"served",${MESSAGES},"temperature":${expected}}`);
    expect(warnings).toEqual([expect.stringMatching(warning)]);
  });

  it('keeps other providers’ carriers of reasoning away from one that cannot read them', () => {
    const call = '{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}';
    const text =
      '{"model":"served","messages":[{"role":"assistant","content":null,"thinking_blocks":[{"signature":"s"}],' +
      `"reasoning_content":"r","tool_calls":[${call},"extra_content":{"google":{"thought_signature":"t"}}}]}]}`;
    const plain = (reasoning: string): string =>
      `{"model":"served","messages":[{"role":"assistant","content":null${reasoning},"tool_calls":[${call}}]}]}`;
    expect(sent(text)).toBe(plain(''));
    expect(sent(text, {}, 'deepseek')).toBe(plain(',"reasoning_content":"r"'));
    expect(sent(text, {}, 'custom')).toBe(text);
  });
});

describe('a whole answer of a member of the OpenAI family', () => {
  const read = (text: string, member: keyof typeof OPENAI_FAMILY = 'openai') =>
    openAiDialect(OPENAI_FAMILY[member]).fromProvider(Buffer.from(text));

  it('keeps its bytes and tells the provider’s id', () => {
    const body = fixture('openai-text.answer.json');
    const answer = openAiDialect(OPENAI_FAMILY.openai).fromProvider(body);
    expect(answer.body).toBe(body);
    expect(answer.providerRequestId).toBe('chatcmpl-A1');
  });

  it.each([
    '',
    'upstream error',
    '[]',
    'null',
    '{}',
    '{"choices":[]}',
    '{"choices":[{"text":"x"}]}',
    '{"choices":[null]}',
  ])('refuses %j', (text) => {
    expect(() => read(text)).toThrow(BadResponseError);
  });

  it.each([
    ['{"base_resp":{"status_code":1002,"status_msg":"rate limit"}}', 'minimax', 'rate_limited', '1002'],
    [
      '{"error":"Model is overloaded","code":"The service is currently unavailable"}',
      'xai',
      'overloaded',
      'The service is currently unavailable',
    ],
    ['{"error":{"message":"Rate limited","code":429}}', 'custom', 'rate_limited', '429'],
  ] as const)('tells the failure in %s', (text, member, outcome, code) => {
    expect(() => read(text, member)).toThrow(
      expect.objectContaining({ failure: expect.objectContaining({ outcome, code }) }),
    );
  });
});

describe('a stream of a member of the OpenAI family', () => {
  const open = (member: keyof typeof OPENAI_FAMILY = 'openai') => openAiDialect(OPENAI_FAMILY[member]).openStream();

  it.each<[string, keyof typeof OPENAI_FAMILY, StreamFrameKind[]]>([
    ['openai-text.stream.txt', 'openai', ['preamble', 'content', 'content', 'finish', 'usage', 'done']],
    [
      'openai-tools.stream.txt',
      'openai',
      ['preamble', ...Array<'content'>(5).fill('content'), 'finish', 'usage', 'done'],
    ],
    ['openai-filtered.stream.txt', 'openai', ['preamble', 'content', 'finish', 'done']],
    ['openai-error.stream.txt', 'openai', ['content', 'error']],
    ['mistral-tools.stream.txt', 'mistral', ['preamble', 'finish', 'done']],
    ['deepseek-reasoner.stream.txt', 'deepseek', ['preamble', 'content', 'content', 'finish', 'done']],
    ['minimax-whole-at-end.stream.txt', 'minimax', ['content', 'finish', 'finish', 'done']],
    ['custom-groq.stream.txt', 'custom', ['preamble', 'content', 'content', 'finish']],
    ['custom-unterminated.stream.txt', 'custom', ['finish', 'done']],
  ])('sorts the frames of %s', (file, member, kinds) => {
    const reader = open(member);
    expect([...reader.read(fixture(file)), ...reader.end()].map(({ kind }) => kind)).toEqual(kinds);
  });

  it('passes the provider’s bytes on, line ends and all, and drops comments', () => {
    const passed = (file: string): string =>
      Buffer.concat(
        open()
          .read(fixture(file))
          .map(({ bytes }) => bytes),
      ).toString();
    expect(passed('qwen-text.stream.txt')).toBe(fixture('qwen-text.stream.txt').toString());
    expect(passed('deepseek-reasoner.stream.txt')).toBe(
      fixture('deepseek-reasoner.stream.txt').toString().replaceAll(': keep-alive\n\n', ''),
    );
  });

  it('takes an empty event for a sign of life', () => {
    const reader = open();
    expect(reader.read(Buffer.from('data:\n\ndata:  [DONE] \n\n')).map(({ kind }) => kind)).toEqual(['done']);
  });

  it('closes the last event of a body that forgot to', () => {
    const reader = open('custom');
    reader.read(fixture('custom-unterminated.stream.txt'));
    expect(reader.end().map(({ bytes }) => bytes.toString())).toEqual(['data: [DONE]\n\n']);
    expect(reader).toMatchObject({ complete: true, providerRequestId: 'v' });
  });

  it('tells an error that came in another shape in OpenAI’s', () => {
    const [frame] = open('minimax').read(fixture('minimax-balance.stream.txt'));
    expect(JSON.parse(frame!.bytes.toString().slice('data: '.length))).toEqual({
      error: { message: 'insufficient balance', type: 'api_error', code: '1008', param: null },
    });
  });

  it('is not whole while one of several choices goes on', () => {
    const reader = open();
    reader.read(
      Buffer.from('data: {"choices":[{"index":0,"delta":{"content":"a"}},{"index":1,"delta":{"content":"b"}}]}\n\n'),
    );
    reader.read(Buffer.from('data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'));
    reader.end();
    expect(reader).toMatchObject({ complete: false, failure: null, finishReason: 'stop', outputBytes: 2 });
  });

  it('hears nothing more once it is done or has failed', () => {
    const late = Buffer.from('data: {"choices":[{"index":0,"delta":{"content":"late"}}]}\n\n');
    const done = open();
    done.read(Buffer.from('data: [DONE]\n\n'));
    const failed = open();
    failed.read(Buffer.from('data: {"nothing":1}\n\n'));
    expect([...done.read(late), ...failed.read(late)]).toEqual([]);
    expect(failed.failure).toEqual({
      outcome: 'bad_response',
      code: null,
      message: 'a chunk of the stream has no choices',
    });
  });

  it('fails on an event without an end instead of keeping it', () => {
    const reader = open();
    expect(reader.read(Buffer.alloc(SSE_EVENT_BYTES_MAX + 1, 'x'))).toEqual([]);
    expect(reader.failure?.outcome).toBe('bad_response');
  });
});

describe('usage', () => {
  it.each([null, undefined, 'x', [], {}, { prompt_tokens: '7' }])('is unknown for %j', (usage) => {
    expect(readUsage(usage)).toBeNull();
  });

  it('never takes more out of a count than there is', () => {
    const usage = {
      prompt_tokens: 10,
      completion_tokens: 5,
      prompt_tokens_details: { cached_tokens: 8, cache_creation_input_tokens: 8, audio_tokens: 8 },
      completion_tokens_details: { reasoning_tokens: 4, audio_tokens: 4 },
    };
    expect(readUsage(usage)).toEqual({
      uncached: 0,
      cache_read: 8,
      cache_write: 2,
      audio_in: 0,
      output: 0,
      reasoning: 4,
      audio_out: 1,
    });
  });

  it('reads a count that is none as 0', () => {
    const usage = { prompt_tokens: -3, completion_tokens: 2.5, total_tokens: 1e300 };
    expect(Object.values(readUsage(usage)!)).toEqual([0, 0, 0, 0, 0, 0, 0]);
  });
});

describe('a failure of a member of the OpenAI family', () => {
  const read = (text: string) => openAiDialect(OPENAI_FAMILY.mistral).readFailure(422, Buffer.from(text));

  it('is told in the provider’s words, whatever their shape', () => {
    expect(read(fixture('mistral-validation.error.json').toString()).message).toBe(
      'body.seed: Extra inputs are not permitted',
    );
    expect(read(fixture('mistral-detail.error.json').toString()).message).toBe('body.messages.0.role: Field required');
    expect(read('{"detail":"Not Found"}').message).toBe('Not Found');
    expect(read('upstream connect error').message).toBe('upstream connect error');
  });

  it('has a message of its own where the provider has none for people', () => {
    for (const text of ['', '<html>', '{}', '7', '{"error":{}}', '{"detail":[{"loc":{},"msg":{"toString":1}}]}']) {
      expect(read(text).message).toMatch(/^HTTP 422 without a message$|: invalid$/);
    }
  });

  it('is cut short', () => {
    const { message, code } = read(JSON.stringify({ error: { message: 'm'.repeat(9_000), code: 'c'.repeat(9_000) } }));
    expect([message.length, code!.length]).toEqual([500, 200]);
  });

  it.each([
    [302, 'bad_response'],
    [403, 'unauthorized'],
    [404, 'not_found'],
    [408, 'server_error'],
    [413, 'invalid_request'],
    [429, 'rate_limited'],
    [500, 'server_error'],
    [529, 'overloaded'],
  ])('of status %i is %s', (status, outcome) => {
    expect(openAiDialect(OPENAI_FAMILY.openai).readFailure(status, Buffer.from('{}')).outcome).toBe(outcome);
  });
});
