import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventsOf } from '../../engines/event-stream.js';
import { ScriptedUpstream, answerBytes, answerStatus } from '../../engines/scripted-upstream.js';
import { Standalone, TEST_KEY } from '../../engines/standalone.js';

const DIALECTS = join(import.meta.dirname, '..', '..', '..', 'libs', 'providers', 'src', 'dialects');
/**
 * Nano-USD per token: 3000 in, 300 from the cache, 3750 to the cache, 15000 out, 20000 of reasoning; 100000 a request.
 */
const PRICES = {
  inputPerMillionUsd: '3',
  outputPerMillionUsd: '15',
  cacheReadPerMillionUsd: '0.30',
  cacheWritePerMillionUsd: '3.75',
  reasoningPerMillionUsd: '20',
  perRequestUsd: '0.0001',
};
const TOOLS = ['read_weather', 'read_clock'].map((name) => ({
  type: 'function',
  function: { name, parameters: { type: 'object', properties: { city: { type: 'string' } } } },
}));
const NO_USAGE = { uncached: 0, cache_read: 0, cache_write: 0, output: 0, reasoning: 0, audio_in: 0, audio_out: 0 };

/** What an answer of the provider must come to. */
interface Expected {
  readonly fixture: string;
  readonly usage: Partial<typeof NO_USAGE>;
  readonly nanoUsd: string;
}

interface Speaker {
  readonly slug: 'anthropic' | 'gemini';
  readonly upstreamModel: string;
  readonly keyHeader: string;
  readonly paths: { readonly whole: string; readonly stream: string };
  /** What "Be brief." and "hello" are to the provider, and what must not be in its body. */
  readonly said: object;
  readonly whole: Expected;
  readonly streamed: Expected;
  readonly tools: Expected;
  readonly streamedTools: Expected;
  /** A field that the provider has no word for, and the warning. */
  readonly leftOut: readonly [field: object, warning: string];
  readonly inexpressible: readonly [field: object, param: string];
}

const SPEAKERS: readonly Speaker[] = [
  {
    slug: 'anthropic',
    upstreamModel: 'claude-sonnet-4-5',
    keyHeader: 'x-api-key',
    paths: { whole: '/anthropic/v1/messages', stream: '/anthropic/v1/messages' },
    said: {
      model: 'claude-sonnet-4-5',
      system: [{ type: 'text', text: 'Be brief.' }],
      messages: [{ role: 'user', content: [{ type: 'text', text: 'hello' }] }],
      max_tokens: 100,
    },
    whole: { fixture: 'answer-text.json', usage: { uncached: 21, output: 11 }, nanoUsd: '328000' },
    streamed: { fixture: 'stream-text.sse', usage: { uncached: 21, cache_read: 8, output: 7 }, nanoUsd: '270400' },
    tools: {
      fixture: 'answer-thinking-tools.json',
      usage: { uncached: 40, cache_read: 1200, cache_write: 300, output: 65, reasoning: 30 },
      nanoUsd: '3280000',
    },
    streamedTools: {
      fixture: 'stream-thinking-tools.sse',
      usage: { uncached: 40, cache_read: 1200, cache_write: 300, output: 65, reasoning: 30 },
      nanoUsd: '3280000',
    },
    leftOut: [{ seed: 7 }, 'seed: left out'],
    inexpressible: [{ n: 2 }, 'n'],
  },
  {
    slug: 'gemini',
    upstreamModel: 'gemini-3.5-flash',
    keyHeader: 'x-goog-api-key',
    paths: {
      whole: '/gemini/v1/models/gemini-3.5-flash:generateContent',
      stream: '/gemini/v1/models/gemini-3.5-flash:streamGenerateContent?alt=sse',
    },
    said: {
      systemInstruction: { parts: [{ text: 'Be brief.' }] },
      contents: [{ role: 'user', parts: [{ text: 'hello' }] }],
      generationConfig: { maxOutputTokens: 100 },
    },
    whole: {
      fixture: 'answer-text.json',
      usage: { uncached: 21, cache_read: 1000, output: 11, reasoning: 64 },
      nanoUsd: '1908000',
    },
    streamed: {
      fixture: 'stream-text.sse',
      usage: { uncached: 13, cache_read: 8, output: 7, reasoning: 12 },
      nanoUsd: '486400',
    },
    tools: {
      fixture: 'answer-thoughts-tools.json',
      usage: { uncached: 40, output: 65, reasoning: 30 },
      nanoUsd: '1795000',
    },
    streamedTools: {
      fixture: 'stream-thoughts-tools.sse',
      usage: { uncached: 40, output: 65, reasoning: 30 },
      nanoUsd: '1795000',
    },
    leftOut: [{ user: 'user-7' }, 'user: left out'],
    inexpressible: [{ modalities: ['text', 'audio'] }, 'modalities'],
  },
];

let upstream: ScriptedUpstream;
let gateway: Standalone;

beforeAll(async () => {
  upstream = await ScriptedUpstream.start();
  gateway = await Standalone.start({
    config: {
      connections: SPEAKERS.map(({ slug, upstreamModel }) => ({
        slug,
        provider: slug,
        baseUrl: upstream.baseUrlOf(slug),
        apiKey: `key-for-${slug}`,
        models: [{ name: `our-${slug}`, upstream: upstreamModel, prices: PRICES }],
      })),
    },
  });
});

afterAll(async () => {
  await gateway.discard();
  await upstream.close();
});

beforeEach(() => {
  upstream.calls.length = 0;
});

interface ToolCall {
  readonly index?: number;
  readonly id?: string;
  readonly type?: string;
  readonly function: { readonly name?: string; readonly arguments: string };
}

interface Chunk {
  readonly id: string;
  readonly object: string;
  readonly choices: {
    readonly delta: { readonly role?: string; readonly content?: string; readonly tool_calls?: ToolCall[] };
    readonly finish_reason: string | null;
  }[];
  readonly usage?: object | null;
  readonly metadata?: object;
}

/** The chunks of a stream that ended well. */
async function chunksOf(answer: Response): Promise<Chunk[]> {
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
  const events = eventsOf(await answer.text());
  expect(events.pop()).toBe('[DONE]');
  const chunks = events.map((event) => JSON.parse(event) as Chunk);
  expect(new Set(chunks.map(({ object }) => object))).toEqual(new Set(['chat.completion.chunk']));
  expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
  return chunks;
}

const textOf = (chunks: readonly Chunk[]): string =>
  chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta.content ?? '')).join('');

/** Name, id and parsed arguments of every call, gathered as a client does. */
function callsOf(parts: readonly ToolCall[]): { name: string; id: string; arguments: unknown }[] {
  const calls: { name: string; id: string; json: string }[] = [];
  for (const [place, { index = place, id = '', function: called }] of parts.entries()) {
    const call = (calls[index] ??= { name: '', id: '', json: '' });
    call.id += id;
    call.name += called.name ?? '';
    call.json += called.arguments;
  }
  return calls.map(({ name, id, json }) => ({ name, id, arguments: JSON.parse(json) as unknown }));
}

describe.each(SPEAKERS)('an OpenAI client behind $slug', (speaker) => {
  const { slug, keyHeader } = speaker;
  const model = `our-${slug}`;
  const metadataAt = (nanoUsd: string): object => ({
    provider: slug,
    latency_ms: expect.any(Number),
    cost_usd: Number(nanoUsd) / 1e9,
    routing_decision: expect.any(String),
    trace_id: expect.any(String),
  });

  function answerWith({ fixture }: Expected): void {
    const text = readFileSync(join(DIALECTS, slug, '__fixtures__', fixture), 'utf8');
    upstream.behaviour = fixture.endsWith('.sse') ? answerBytes([text]) : answerStatus(200, text);
  }

  async function expectBooked(answer: Response, { usage, nanoUsd }: Expected): Promise<void> {
    const { status, attempts, charge } = await gateway.recordOf(answer);
    const buckets = { ...NO_USAGE, ...usage };
    expect(status).toBe('settled');
    expect(attempts).toMatchObject([{ outcome: 'ok', connection: slug, usage_source: 'provider', usage: buckets }]);
    expect(charge).toMatchObject({ amount_nano_usd: nanoUsd, lines: [{ amount_nano_usd: nanoUsd, usage: buckets }] });
  }

  it('gets a chat completion, charged to the nano-USD by the prices in the configuration', async () => {
    answerWith(speaker.whole);
    const answer = await gateway.chat(model);
    expect([answer.status, answer.headers.get('x-overture-provider')]).toEqual([200, slug]);
    expect(await answer.json()).toMatchObject({
      id: expect.stringMatching(/^chatcmpl-/),
      object: 'chat.completion',
      created: expect.any(Number),
      choices: [{ index: 0, message: { role: 'assistant', content: 'It is 4 °C in Oslo.' }, finish_reason: 'stop' }],
      metadata: metadataAt(speaker.whole.nanoUsd),
    });
    await expectBooked(answer, speaker.whole);
  });

  it('gets chunks that end with finish, metadata and [DONE]', async () => {
    answerWith(speaker.streamed);
    const answer = await gateway.chat(model, { stream: true });
    const chunks = await chunksOf(answer);
    expect(chunks[0]?.choices[0]?.delta.role).toBe('assistant');
    expect(textOf(chunks)).toBe('Fünf Grad ❄');
    expect(chunks.filter(({ metadata }) => metadata !== undefined)).toEqual([chunks.at(-1)]);
    expect(chunks.at(-1)).toMatchObject({
      choices: [{ delta: {}, finish_reason: 'stop' }],
      metadata: metadataAt(speaker.streamed.nanoUsd),
    });
    await expectBooked(answer, speaker.streamed);
  });

  it('gets a chunk with the usage if it asks for it', async () => {
    answerWith(speaker.streamed);
    const chunks = await chunksOf(await gateway.chat(model, { stream: true, stream_options: { include_usage: true } }));
    expect(chunks.at(-1)).toMatchObject({
      choices: [],
      usage: { prompt_tokens: slug === 'gemini' ? 21 : 29, prompt_tokens_details: { cached_tokens: 8 } },
    });
    expect(chunks.at(-2)).toMatchObject({ choices: [{ finish_reason: 'stop' }], metadata: expect.any(Object) });
  });

  it('calls tools', async () => {
    answerWith(speaker.tools);
    const answer = await gateway.chat(model, { tools: TOOLS });
    const { choices } = (await answer.json()) as {
      choices: { message: { tool_calls: ToolCall[] }; finish_reason: string }[];
    };
    const calls = choices[0]?.message.tool_calls ?? [];
    expect(choices[0]?.finish_reason).toBe('tool_calls');
    expect(calls.map(({ type }) => type)).toEqual(['function', 'function']);
    expect(callsOf(calls)).toEqual([
      { name: 'read_weather', id: expect.stringMatching(/./), arguments: { city: 'Oslo' } },
      { name: 'read_clock', id: expect.stringMatching(/./), arguments: {} },
    ]);
    await expectBooked(answer, speaker.tools);
  });

  it('calls tools in a stream, with arguments that add up to JSON', async () => {
    answerWith(speaker.streamedTools);
    const answer = await gateway.chat(model, { tools: TOOLS, stream: true });
    const chunks = await chunksOf(answer);
    const parts = chunks.flatMap(({ choices }) => choices.flatMap(({ delta }) => delta.tool_calls ?? []));
    expect(callsOf(parts)).toEqual([
      { name: 'read_weather', id: expect.stringMatching(/./), arguments: { city: 'Tromsø' } },
      { name: 'read_clock', id: expect.stringMatching(/./), arguments: {} },
    ]);
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('tool_calls');
    await expectBooked(answer, speaker.streamedTools);
  });

  it('is heard in the words of the provider', async () => {
    const messages = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'hello' },
    ];
    answerWith(speaker.whole);
    await gateway.chat(model, { messages, max_tokens: 100 });
    answerWith(speaker.streamed);
    await (await gateway.chat(model, { messages, max_tokens: 100, stream: true })).text();
    expect(upstream.calls.map(({ path }) => path)).toEqual([speaker.paths.whole, speaker.paths.stream]);
    for (const { body } of upstream.calls) expect(body).toMatchObject(speaker.said);
  });

  it.each([false, true])("is never seen by its key: the operator's goes out alone (stream: %s)", async (stream) => {
    answerWith(stream ? speaker.streamed : speaker.whole);
    const answer = await gateway.chat(
      model,
      { stream },
      {
        cookie: 'session=secret-of-the-caller',
        'x-api-key': 'secret-of-the-caller',
        'x-goog-api-key': 'secret-of-the-caller',
        'anthropic-version': '1999-01-01',
      },
    );
    await answer.text();
    expect(answer.status).toBe(200);
    const [{ headers }] = upstream.calls as [(typeof upstream.calls)[number]];
    expect(headers[keyHeader]).toBe(`key-for-${slug}`);
    expect(headers['anthropic-version']).toBe(slug === 'anthropic' ? '2023-06-01' : undefined);
    expect(Object.keys(headers)).not.toContain('authorization');
    expect(Object.keys(headers)).not.toContain('cookie');
    expect(JSON.stringify(headers)).not.toContain('secret-of-the-caller');
    expect(JSON.stringify(headers)).not.toContain(TEST_KEY);
  });

  it.each([false, true])('is told what the provider has no word for (stream: %s)', async (stream) => {
    const [field, warning] = speaker.leftOut;
    answerWith(stream ? speaker.streamed : speaker.whole);
    const plain = await gateway.chat(model, { stream });
    const answer = await gateway.chat(model, { stream, ...field });
    expect(plain.headers.get('x-overture-warnings')).toBeNull();
    expect(answer.headers.get('x-overture-warnings')).toContain(warning);
    expect(answer.status).toBe(200);
    await Promise.all([plain.text(), answer.text()]);
    for (const name of Object.keys(field)) expect(upstream.calls[1]?.body).not.toHaveProperty(name);
  });

  it.each([false, true])('is refused what would change the answer if left out (stream: %s)', async (stream) => {
    const [field, param] = speaker.inexpressible;
    answerWith(speaker.whole);
    const answer = await gateway.chat(model, { stream, ...field });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      error: { type: 'invalid_request_error', code: 'unsupported_parameter', param },
    });
    expect(upstream.calls).toEqual([]);
    expect(await gateway.recordOf(answer)).toMatchObject({ status: 'voided', charge: { amount_nano_usd: '0' } });
  });
});
