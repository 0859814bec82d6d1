import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { ScriptedUpstream } from '../engines/scripted-upstream.js';
import { Standalone, TEST_KEY } from '../engines/standalone.js';

const CHAT = '/v1/chat/completions';
const MESSAGES = [{ role: 'user', content: 'hello' }];
const MIB = 1024 * 1024;

const saying = (part: object): object[] => [{ role: 'user', content: [part] }];
const calling = (calls: unknown): object[] => [{ role: 'assistant', tool_calls: calls }];
const SILENCE = { type: 'input_audio', input_audio: { data: 'AAAA' } };
const PARSED = { id: 'call_1', type: 'function', function: { name: 'f', arguments: {} } };
const SCHEMALESS = { type: 'json_schema', json_schema: { name: 'n', schema: 'object' } };

let upstream: ScriptedUpstream;
let gateway: Standalone;

beforeAll(async () => {
  upstream = await ScriptedUpstream.start();
  gateway = await Standalone.start({
    config: { connections: [{ slug: 'only', provider: 'custom', baseUrl: upstream.baseUrl, models: ['llama-3'] }] },
  });
});

afterAll(async () => {
  await gateway.discard();
  await upstream.close();
});

/** Whatever was refused: the gateway works on, nothing was sent to the provider, nothing was recorded or held. */
afterEach(async () => {
  expect((await gateway.request('/v1/health')).status).toBe(200);
  expect(upstream.calls).toEqual([]);
  expect(await gateway.metric('overture_journal_events')).toBe(0);
  expect(await gateway.metric('overture_open_holds')).toBe(0);
});

interface Refusal {
  readonly error: { readonly message: string; readonly type: string; readonly code: string; readonly param: string };
  readonly detail: string;
}

/** Status and error of an answer, whose shape is checked: OpenAI's, with `detail` beside it. */
async function refusalOf(response: Response): Promise<{ status: number; code: string; param: string; says: string }> {
  expect(response.headers.get('content-type')).toMatch(/^application\/json/);
  const body = (await response.json()) as Refusal;
  const text = expect.any(String) as string;
  expect(body).toEqual({
    error: { message: text, type: text, code: text, param: body.error.param === null ? null : text },
    detail: text,
  });
  return { status: response.status, code: body.error.code, param: body.error.param, says: body.error.message };
}

const refusalOfBody = async (body: unknown, headers = {}): ReturnType<typeof refusalOf> =>
  refusalOf(await gateway.request(CHAT, body, headers));

describe('a body that cannot be read', () => {
  it.each([
    ['not JSON', '{"model": "llama-3", "messages": [', /not valid JSON/],
    ['empty', '', /empty/],
    ['an array', '[]', /must be a JSON object/],
    ['null', 'null', /must be a JSON object/],
    ['a number', '7', /must be a JSON object/],
    ['one with a disguised name', String.raw`{"model":"llama-3","\u006dax_tokens":9,"messages":[]}`, /plain letters/],
  ])('is refused when it is %s', async (_, body, says) => {
    expect(await refusalOfBody(body)).toEqual({
      status: 400,
      code: 'invalid_json',
      param: null,
      says: expect.stringMatching(says),
    });
  });

  it('is refused when it is not UTF-8, for the provider would have to guess', async () => {
    const body = Buffer.from(
      JSON.stringify({ model: 'llama-3', messages: [{ role: 'user', content: 'né' }] }),
      'latin1',
    );
    const response = await post(CHAT, body);
    expect(await refusalOf(response)).toMatchObject({ status: 400, code: 'invalid_json' });
  });

  it('is refused when it is nested deeper than any request, at once and without a stack overflow', async () => {
    const nested = (depth: number): string => `{"model":"llama-3","messages":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    expect(await refusalOfBody(nested(65))).toMatchObject({ status: 400, code: 'invalid_value' });
    expect(await refusalOfBody(nested(MIB))).toMatchObject({ status: 400, code: 'invalid_value' });
  });

  it('is refused when it is compressed, with a word on how to send it', async () => {
    const response = await post(CHAT, gzipSync('{}'), { 'content-encoding': 'gzip' });
    expect(await refusalOf(response)).toMatchObject({ status: 415, code: 'unsupported_media_type' });
  });

  it.each(['text/plain', 'application/xml', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'is refused as %s',
    async (type) => {
      const refusal = await refusalOfBody('{"model":"llama-3"}', { 'content-type': type });
      expect(refusal).toMatchObject({ status: 415, code: 'unsupported_media_type', says: /application\/json/ });
    },
  );

  it('is refused from its declared length on when it is larger than 10 MiB', async () => {
    const response = await post(CHAT, Buffer.alloc(10 * MIB + 1, ' '));
    expect(await refusalOf(response)).toMatchObject({ status: 413, code: 'request_too_large', says: /10 MiB/ });
  });

  it('is refused when it turns out larger than 10 MiB on the way', async () => {
    const sending = request(gateway.url + CHAT, { method: 'POST', headers: HEADERS });
    sending.on('error', () => undefined); // the gateway stops reading
    const piece = Buffer.alloc(MIB, ' ');
    for (let sent = 0; sent < 12; sent++) sending.write(piece);
    const [{ statusCode }] = (await once(sending, 'response')) as [{ statusCode: number }];
    sending.destroy();
    expect(statusCode).toBe(413);
  });
});

describe('a body with a wrong field', () => {
  it.each<[what: string, fields: object, code: string, param: string]>([
    ['no model', { model: undefined }, 'missing_required_parameter', 'model'],
    ['an empty model', { model: '' }, 'missing_required_parameter', 'model'],
    ['a number for a model', { model: 4 }, 'invalid_type', 'model'],
    ['a model without end', { model: 'm'.repeat(401) }, 'invalid_value', 'model'],
    ['no messages', { messages: undefined }, 'missing_required_parameter', 'messages'],
    ['text for messages', { messages: 'hello' }, 'invalid_type', 'messages'],
    ['empty messages', { messages: [] }, 'empty_array', 'messages'],
    ['text for a message', { messages: ['hello'] }, 'invalid_type', 'messages[0]'],
    ['an unknown role', { messages: [{ role: 'robot', content: 'hello' }] }, 'invalid_value', 'messages[0].role'],
    ['no content', { messages: [...MESSAGES, { role: 'user' }] }, 'missing_required_parameter', 'messages[1].content'],
    ['a number for content', { messages: [{ role: 'user', content: 7 }] }, 'invalid_type', 'messages[0].content'],
    ['text for a part', { messages: [{ role: 'user', content: ['hello'] }] }, 'invalid_type', 'messages[0].content[0]'],
    ['a part without its text', { messages: saying({ type: 'text' }) }, 'invalid_type', 'messages[0].content[0]'],
    ['an image without address', { messages: saying({ type: 'image_url' }) }, 'invalid_type', 'messages[0].content[0]'],
    ['audio without format', { messages: saying(SILENCE) }, 'invalid_type', 'messages[0].content[0]'],
    ['an object for tool calls', { messages: calling({}) }, 'invalid_type', 'messages[0].tool_calls'],
    ['null for a tool call', { messages: calling([null]) }, 'invalid_type', 'messages[0].tool_calls[0]'],
    ['an unread tool call', { messages: calling([PARSED]) }, 'invalid_type', 'messages[0].tool_calls[0]'],
    [
      'the result of no call',
      { messages: [{ role: 'tool', content: '21' }] },
      'invalid_type',
      'messages[0].tool_call_id',
    ],
    ['text for stream', { stream: 'yes' }, 'invalid_type', 'stream'],
    ['a flag for stream options', { stream_options: true }, 'invalid_type', 'stream_options'],
    ['no tokens at all', { max_tokens: 0 }, 'invalid_type', 'max_tokens'],
    ['text for a number of tokens', { max_tokens: '100' }, 'invalid_type', 'max_tokens'],
    ['half a token', { max_completion_tokens: 1.5 }, 'invalid_type', 'max_completion_tokens'],
    ['a thousand choices', { n: 1_000 }, 'invalid_type', 'n'],
    ['too high a temperature', { temperature: 3 }, 'invalid_type', 'temperature'],
    ['too low a top_p', { top_p: -1 }, 'invalid_type', 'top_p'],
    ['an object for tools', { tools: {} }, 'invalid_type', 'tools'],
    ['null for a tool', { tools: [null] }, 'invalid_type', 'tools'],
    ['a tool without a name', { tools: [{ type: 'function', function: {} }] }, 'invalid_type', 'tools'],
    ['a number for a choice of tools', { tool_choice: 1 }, 'invalid_type', 'tool_choice'],
    ['text for a flag', { parallel_tool_calls: 'no' }, 'invalid_type', 'parallel_tool_calls'],
    ['a number for an effort', { reasoning_effort: 3 }, 'invalid_type', 'reasoning_effort'],
    ['text for a response format', { response_format: 'json' }, 'invalid_type', 'response_format'],
    ['a schema that is none', { response_format: SCHEMALESS }, 'invalid_type', 'response_format'],
    ['a number for a stop', { stop: [1] }, 'invalid_type', 'stop'],
    ['half a seed', { seed: 0.5 }, 'invalid_type', 'seed'],
    ['an object for a user', { user: { id: 1 } }, 'invalid_type', 'user'],
    ['a number for logprobs', { logprobs: 1 }, 'invalid_type', 'logprobs'],
  ])('is refused with the name of the field: %s', async (_, fields, code, param) => {
    const refusal = await refusalOfBody({ model: 'llama-3', messages: MESSAGES, ...fields });
    expect(refusal).toMatchObject({ status: 400, code, param });
    expect(refusal.says).toContain(param.split(/[[.]/)[0]);
  });

  it('is refused on /v1/infer, too, and for a wish that routing does not know', async () => {
    const body = { model: 'llama-3', messages: MESSAGES, optimization: 'luck' };
    const refusal = await refusalOf(await gateway.request('/v1/infer', body));
    expect(refusal).toMatchObject({ status: 400, code: 'invalid_type', param: 'optimization', says: /"latency"/ });
  });

  it('is told which models there are when it names one that there is not', async () => {
    expect(await refusalOfBody({ model: 'lama-3', messages: MESSAGES })).toEqual({
      status: 404,
      code: 'model_not_found',
      param: 'model',
      says: expect.stringContaining('Did you mean "llama-3"'),
    });
    expect(await refusalOfBody({ model: '@nowhere/llama-3', messages: MESSAGES })).toMatchObject({ status: 404 });
    expect(await refusalOfBody({ model: '__proto__', messages: MESSAGES })).toMatchObject({ status: 404 });
  });
});

describe('a caller', () => {
  const withKey = (headers: Record<string, string>): Promise<Response> =>
    fetch(gateway.url + CHAT, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ model: 'llama-3', messages: MESSAGES }),
    });

  it('without a key is told how to send one', async () => {
    const expected = { status: 401, code: 'missing_api_key', says: expect.stringContaining('Authorization: Bearer') };
    expect(await refusalOf(await withKey({}))).toMatchObject(expected);
    expect(await refusalOf(await withKey({ authorization: 'Basic dXNlcjpwYXNz' }))).toMatchObject(expected);
    expect(await refusalOf(await fetch(`${gateway.url}/v1/models`))).toMatchObject(expected);
    expect(await refusalOf(await fetch(`${gateway.url}/v1/providers/stats`))).toMatchObject(expected);
  });

  it.each([
    ['a wrong one', `${TEST_KEY}x`],
    ['one of another kind', 'sk-proj-0123456789abcdef'],
    ['a huge one', `sk-igris-${'x'.repeat(8_000)}`],
  ])('with %s is refused, and the key is not repeated', async (_, key) => {
    for (const [name, value] of [
      ['authorization', `Bearer ${key}`],
      ['x-api-key', key],
    ] as const) {
      const refusal = await refusalOf(await withKey({ [name]: value }));
      expect(refusal).toMatchObject({ status: 401, code: 'invalid_api_key' });
      expect(refusal.says).not.toContain(key);
    }
  });
});

describe('an address', () => {
  it('that leads nowhere is answered 404 with where to look', async () => {
    const refusal = await refusalOf(await gateway.request('/v1/completionz'));
    expect(refusal).toMatchObject({ status: 404, code: 'route_not_found', says: expect.stringContaining('/docs') });
  });

  it.each([
    ['GET', CHAT, 'POST'],
    ['DELETE', '/v1/models', 'GET, HEAD'],
    ['POST', '/v1/requests/01a1fdab-5e5d-744e-a151-98c15d575b0a', 'GET, HEAD'],
    ['PUT', '/metrics?all', 'GET, HEAD'],
  ])('that does not take %s %s is answered 405 with what it takes', async (method, path, allowed) => {
    const response = await fetch(gateway.url + path, { method, headers: HEADERS });
    expect(response.headers.get('allow')).toBe(allowed);
    expect(await refusalOf(response)).toMatchObject({ status: 405, code: 'method_not_allowed' });
  });

  it('with a broken escape is answered 400', async () => {
    const refusal = await refusalOf(await gateway.request('/v1/requests/%ZZ'));
    expect(refusal).toMatchObject({ status: 400, code: 'invalid_request' });
  });
});

describe('bytes that are no HTTP request', () => {
  it.each([
    ['garbage', 'GARBAGE\r\n\r\n', 400],
    [
      'both a length and chunks',
      `POST ${CHAT} HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n`,
      400,
    ],
    ['endless headers', `GET /v1/health HTTP/1.1\r\nhost: x\r\nx: ${'a'.repeat(100_000)}\r\n\r\n`, 431],
  ])('are refused: %s', async (_, bytes, status) => {
    const socket = connect(gateway.port, '127.0.0.1');
    socket.on('error', () => undefined); // refused while we were still sending
    socket.write(bytes);
    const [answer] = (await once(socket.setEncoding('utf8'), 'data')) as [string];
    socket.destroy();
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({ error: { code: 'invalid_request' } });
  });
});

const HEADERS = { authorization: `Bearer ${TEST_KEY}`, 'content-type': 'application/json' };

const post = (path: string, body: Buffer, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(gateway.url + path, { method: 'POST', headers: { ...HEADERS, ...headers }, body: new Uint8Array(body) });
