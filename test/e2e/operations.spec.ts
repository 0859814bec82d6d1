import { replayDecision } from '#routing';
import type { ProviderStats } from '#read-models';
import { eventsOf } from '../engines/event-stream.js';
import { ScriptedUpstream, answerStatus, answerWhole } from '../engines/scripted-upstream.js';
import { Standalone, TEST_KEY } from '../engines/standalone.js';
import { waitUntil } from '../engines/wait-until.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const PROVIDER_KEY = 'sk-of-the-operator';
/** 20 tokens in and 10 out are 40000 nano-USD. */
const PRICES = { inputPerMillionUsd: '1', outputPerMillionUsd: '2' };

let upstream: ScriptedUpstream;
let gateway: Standalone;

const connections = (): object[] =>
  ['alpha', 'beta'].map((slug) => ({
    slug,
    provider: 'custom',
    baseUrl: upstream.baseUrlOf(slug),
    apiKey: PROVIDER_KEY,
    models: [{ name: 'llama', prices: PRICES }, ...(slug === 'alpha' ? ['unpriced'] : [])],
  }));

beforeAll(async () => {
  upstream = await ScriptedUpstream.start();
  gateway = await Standalone.start({
    config: { connections: connections(), groups: { chat: ['alpha/llama', 'beta/llama'], single: ['beta/llama'] } },
  });
});

afterAll(async () => {
  await gateway.discard();
  await upstream.close();
});

beforeEach(() => {
  upstream.calls.length = 0;
  upstream.behaviour = answerWhole();
});

describe('health', () => {
  it.each(['/v1/health', '/health'])('is told to everybody at %s', async (path) => {
    const answer = await fetch(gateway.url + path);
    expect(answer.status).toBe(200);
    const { status, version, checks } = (await answer.json()) as Record<string, unknown>;
    expect({ status, version }).toEqual({ status: 'healthy', version: expect.stringMatching(/^\d+\.\d+\.\d+/) });
    const states = Object.values(checks as Record<string, { status: string }>).map((check) => check.status);
    expect(new Set(states)).toEqual(new Set(['up']));
  });
});

describe('the list of models', () => {
  it('shows models, groups and pinned models, where they are served and whether they have a price', async () => {
    const { object, data } = (await (await gateway.request('/v1/models')).json()) as { object: string; data: object[] };
    const card = (id: string, kind: string, served: string[]): object => ({
      id,
      object: 'model',
      created: 0,
      owned_by: 'custom',
      connections: served,
      kind,
      priced: !id.endsWith('unpriced'),
    });
    expect(object).toBe('list');
    expect(data).toEqual([
      card('@alpha/llama', 'pinned', ['alpha']),
      card('@alpha/unpriced', 'pinned', ['alpha']),
      card('@beta/llama', 'pinned', ['beta']),
      card('auto', 'group', ['alpha', 'beta']),
      card('chat', 'group', ['alpha', 'beta']),
      card('llama', 'model', ['alpha', 'beta']),
      card('single', 'group', ['beta']),
      card('unpriced', 'model', ['alpha']),
    ]);
  });
});

describe('the record of a request', () => {
  it.each([false, true])('is there as soon as its answer is (stream: %s)', async (stream) => {
    const answer = await gateway.chat('@alpha/llama', { stream });
    await answer.text();
    const record = await gateway.recordOf(answer);
    const id = answer.headers.get('x-request-id');
    const usage = { uncached: 20, output: stream ? 1 : 10 };
    const nanoUsd = stream ? '22000' : '40000';
    expect(record).toMatchObject({
      id,
      status: 'settled',
      routed: { request_id: id, requested_model: '@alpha/llama', stream, chosen: 'alpha/llama' },
      attempts: [{ request_id: id, attempt: 1, candidate: 'alpha/llama', outcome: 'ok', status: 200, stream, usage }],
      charge: { request_id: id, state: 'settled', reason: 'answered', amount_nano_usd: nanoUsd, lines: [{ usage }] },
    });
    expect(record.routed?.hold.id).toBe(record.charge?.hold_id);
  });

  it('has no amount where no price is known: unpriced is not free', async () => {
    const answer = await gateway.chat('unpriced');
    expect(await answer.json()).toMatchObject({ metadata: { cost_usd: null } });
    expect((await gateway.recordOf(answer)).charge).toMatchObject({ state: 'settled', amount_nano_usd: null });
  });

  it.each(['nonsense', '0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b', '%00', "'; drop table"])(
    'is a 404 for %s, which names no request',
    async (id) => {
      const answer = await gateway.request(`/v1/requests/${id}`);
      expect(answer.status).toBe(404);
      expect(await answer.json()).toMatchObject({ error: { code: 'request_not_found' } });
    },
  );

  it('names what the caller sent along: its own id and its user', async () => {
    const answer = await gateway.chat('llama', { user: 'user-7' }, { 'x-client-request-id': 'mine-1' });
    const { routed } = await gateway.recordOf(answer);
    expect(routed).toMatchObject({ client_request_id: 'mine-1', user: 'user-7' });
  });
});

describe('the headers of an answer', () => {
  it.each([false, true])('name the request, the connection and the time it cost (stream: %s)', async (stream) => {
    const { headers } = await gateway.chat('@beta/llama', { stream });
    expect(headers.get('x-request-id')).toMatch(UUID);
    expect(headers.get('x-overture-provider')).toBe('beta');
    expect(headers.get('x-overture-overhead-ms')).toMatch(/^\d+\.\d\d$/);
  });

  it.each<[status: number, what: string, refused: () => Promise<Response>]>([
    [401, 'a wrong key', () => gateway.chat('llama', {}, { authorization: 'Bearer sk-igris-wrong' })],
    [404, 'an unknown model', () => gateway.chat('nobody')],
    [404, 'an unknown route', () => gateway.request('/v1/nothing')],
    [404, 'an unknown request', () => gateway.request('/v1/requests/nonsense')],
    [405, 'a wrong method', () => gateway.request('/v1/chat/completions')],
    [400, 'a wrong field', () => gateway.chat('llama', { temperature: 'hot' })],
    [400, 'no JSON', () => gateway.request('/v1/chat/completions', '{')],
    [415, 'a wrong type', () => gateway.request('/v1/chat/completions', 'x', { 'content-type': 'text/plain' })],
  ])('name a refused request, too: %i for %s', async (status, _, refused) => {
    const ids = [await refused(), await refused()].map((answer) => {
      expect(answer.status).toBe(status);
      return answer.headers.get('x-request-id');
    });
    for (const id of ids) expect(id).toMatch(UUID);
    expect(new Set(ids).size).toBe(2);
  });
});

describe('a trace', () => {
  const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const TRACE_ID = '4bf92f35-77b3-4da6-a3ce-929d0e0e4736';
  const traceOf = async (answer: Response): Promise<string> =>
    ((await answer.json()) as { metadata: { trace_id: string } }).metadata.trace_id;

  it('of the caller is joined, in the answer and in the log', async () => {
    const answer = await gateway.chat('llama', {}, { traceparent: TRACE });
    expect(await traceOf(answer)).toBe(TRACE_ID);
    expect((await gateway.recordOf(answer)).routed?.trace_id).toBe(TRACE_ID);
  });

  it('of the caller is joined by a stream', async () => {
    const answer = await gateway.chat('llama', { stream: true }, { traceparent: TRACE });
    const chunks = eventsOf(await answer.text()).slice(0, -1);
    expect(JSON.parse(chunks.at(-1) ?? '')).toMatchObject({ metadata: { trace_id: TRACE_ID } });
  });

  it('begins with the request itself when the caller has none', async () => {
    const answer = await gateway.chat('llama', {}, { traceparent: 'hello' });
    expect(await traceOf(answer)).toBe(answer.headers.get('x-request-id'));
  });
});

describe('routing', () => {
  const routedOf = async (answer: Response) => {
    expect(answer.status).toBe(200);
    const record = await gateway.recordOf(answer);
    if (!record.routed) throw new Error(`nothing was routed: ${JSON.stringify(record)}`);
    return record.routed;
  };
  const decisionOf = async (answer: Response): Promise<string> =>
    ((await answer.json()) as { metadata: { routing_decision: string } }).metadata.routing_decision;

  it.each([
    [undefined, { latency: 0.75, cost: 0.25 }],
    ['cost', { latency: 0.1, cost: 0.9 }],
    ['latency', { latency: 1, cost: 0 }],
    ['quality', { latency: 0.9, cost: 0.1 }],
  ])('weighs what `optimization: %s` asks for, which the provider never hears of', async (optimization, weights) => {
    const body = { model: 'llama', messages: [{ role: 'user', content: 'hello' }], optimization };
    const answer = await gateway.request('/v1/infer', body);
    const routed = await routedOf(answer);
    expect(routed).toMatchObject({ surface: 'overture.infer', policy: { strategy: 'thompson-sampling', weights } });
    expect(upstream.calls.at(-1)?.body).not.toHaveProperty('optimization');
  });

  it('sends `@slug/model` to that connection and nowhere else', async () => {
    for (const slug of ['alpha', 'beta']) {
      const answer = await gateway.chat(`@${slug}/llama`);
      expect(await decisionOf(answer)).toBe('pinned');
      expect(await routedOf(answer)).toMatchObject({
        chosen: `${slug}/llama`,
        override: 'pinned',
        probability: 1,
        fallback: [],
      });
    }
    expect(upstream.calls.map(({ path, body }) => [path, body.model])).toEqual([
      ['/alpha/v1/chat/completions', 'llama'],
      ['/beta/v1/chat/completions', 'llama'],
    ]);
  });

  it.each([
    ['auto', ['alpha/llama', 'alpha/unpriced', 'beta/llama']],
    ['llama', ['alpha/llama', 'beta/llama']],
    ['chat', ['alpha/llama', 'beta/llama']],
  ])('draws `%s` from all of its candidates', async (model, ids) => {
    const answer = await gateway.chat(model);
    const { candidates, chosen, fallback, override, probability } = await routedOf(answer);
    expect(candidates.map(({ id }) => id)).toEqual(ids);
    expect([chosen, ...fallback].sort()).toEqual(ids);
    expect(override).toBeNull();
    expect(probability).toBe(candidates.find(({ id }) => id === chosen)?.probability);
    expect(candidates.reduce((sum, candidate) => sum + candidate.probability, 0)).toBeCloseTo(1, 12);
  });

  it('does not draw where there is one candidate only', async () => {
    expect(await routedOf(await gateway.chat('single'))).toMatchObject({ chosen: 'beta/llama', override: 'single' });
  });

  it('keeps a conversation with the provider that answered its first turn', async () => {
    const opening = { role: 'user', content: 'a conversation of its own' };
    const turns = [opening, { role: 'assistant', content: 'hello' }, { role: 'user', content: 'and now?' }];
    const first = await routedOf(await gateway.chat('llama', { messages: [opening] }));
    const second = await gateway.chat('llama', { messages: turns });
    expect(first.override).toBeNull();
    expect(await decisionOf(second)).toBe('sticky');
    expect(await routedOf(second)).toMatchObject({ chosen: first.chosen, override: 'sticky', probability: 1 });
  });

  it('keeps a session together that the caller names', async () => {
    const inSession = (content: string): Promise<Response> =>
      gateway.chat('llama', { messages: [{ role: 'user', content }] }, { 'x-session-id': 'session-1' });
    const first = await routedOf(await inSession('one thing'));
    expect(await routedOf(await inSession('another'))).toMatchObject({ chosen: first.chosen, override: 'sticky' });
  });

  it('can be derived again from the log alone, to the bit', async () => {
    const session = { 'x-session-id': 'session-2' };
    const asked: [override: string | null, model: string, body?: object, headers?: Record<string, string>][] = [
      [null, 'llama'],
      [null, 'auto', { stream: true }],
      [null, 'chat', { optimization: 'cost' }],
      ['single', 'single'],
      ['pinned', '@alpha/llama'],
      [null, 'llama', {}, session],
      ['sticky', 'llama', {}, session],
    ];
    for (const [override, model, body, headers] of asked) {
      const answer = await gateway.chat(model, body, headers);
      await answer.text();
      const { time, ...routed } = await routedOf(answer);
      expect(routed.override).toBe(override);
      expect(time).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
      expect(replayDecision(routed)).toMatchObject({ chosen: routed.chosen, matches: true, differences: [] });
    }
  });
});

describe('what operators see of the traffic', () => {
  const SECRETS = [PROVIDER_KEY, TEST_KEY, 'a prompt that nobody may see', 'user-with-a-name'];
  const statsOf = async (connection: string, model: string): Promise<ProviderStats | undefined> => {
    const { data } = (await (await gateway.request('/v1/providers/stats')).json()) as { data: ProviderStats[] };
    return data.find((row) => row.connection === connection && row.model === model);
  };

  const LAG = 'overture_projection_lag_events';
  const everythingIsShown = (): Promise<true> => waitUntil(async () => (await gateway.metric(LAG)) === 0);

  it('is counted for every connection and model', async () => {
    const counted = async () => {
      await everythingIsShown();
      const { attempts = 0, ok = 0, tokens } = (await statsOf('alpha', 'unpriced')) ?? {};
      return { attempts, ok, input: tokens?.input ?? 0, output: tokens?.output ?? 0 };
    };
    const before = await counted();
    await gateway.chat('@alpha/unpriced');
    upstream.behaviour = answerStatus(400, { error: { message: 'no', type: 'invalid_request_error' } });
    await gateway.chat('@alpha/unpriced');
    expect(await counted()).toEqual({
      attempts: before.attempts + 2,
      ok: before.ok + 1,
      input: before.input + 20,
      output: before.output + 10,
    });
    expect(await statsOf('alpha', 'unpriced')).toMatchObject({
      provider: 'custom',
      errors: { invalid_request: 1 },
      latency: { mean_ms: expect.any(Number), p50_ms: expect.any(Number) },
    });
  });

  it('is metrics of requests, attempts, tokens and lag, which hold no secret, no prompt and no user', async () => {
    const growth = {
      'overture_requests_total{surface="openai.chat",status="200"}': 1,
      'overture_requests_total{surface="openai.chat",status="502"}': 1,
      'overture_provider_attempts_total{connection="beta",model="llama",outcome="ok"}': 1,
      'overture_provider_attempts_total{connection="beta",model="llama",outcome="unauthorized"}': 1,
      'overture_tokens_total{connection="beta",model="llama",bucket="output"}': 10,
    };
    const series = Object.keys(growth);
    const read = (): Promise<number[]> => Promise.all(series.map((one) => gateway.metric(one)));
    const before = await read();
    const secret = { messages: [{ role: 'user', content: SECRETS[2] }], user: SECRETS[3] };
    await gateway.chat('@beta/llama', secret);
    upstream.behaviour = answerStatus(401, { error: { message: `no such key: ${PROVIDER_KEY}` } });
    await gateway.chat('@beta/llama', secret);
    const after = await read();
    expect(Object.fromEntries(series.map((one, place) => [one, (after[place] ?? 0) - (before[place] ?? 0)]))).toEqual(
      growth,
    );

    const answer = await fetch(`${gateway.url}/metrics`);
    const text = await answer.text();
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/);
    expect(text).toContain(`# TYPE ${LAG} gauge`);
    for (const hidden of SECRETS) expect(text).not.toContain(hidden);
  });

  it('is printed without keys, prompts and users', () => {
    for (const hidden of SECRETS) expect(gateway.printed).not.toContain(hidden);
  });
});

describe('the documentation of the API', () => {
  it('is a page', async () => {
    const answer = await fetch(`${gateway.url}/docs`);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, expect.stringMatching(/^text\/html/)]);
    expect(await answer.text()).toContain('Igris Overture API');
  });

  it('is an OpenAPI document of every route that callers have', async () => {
    const { openapi, paths } = (await (await fetch(`${gateway.url}/docs-json`)).json()) as {
      openapi: string;
      paths: Record<string, object>;
    };
    expect(openapi).toMatch(/^3\./);
    expect(Object.entries(paths).map(([path, methods]) => [path, ...Object.keys(methods)].join(' '))).toEqual(
      expect.arrayContaining([
        '/v1/chat/completions post',
        '/v1/infer post',
        '/v1/models get',
        '/v1/requests/{id} get',
        '/v1/providers/stats get',
        '/v1/health get',
      ]),
    );
  });
});

describe('a caller without a key', () => {
  const call = (url: string, path: string): Promise<Response> =>
    fetch(url + path, { headers: { 'content-type': 'application/json' } });
  const chat = (url: string): Promise<Response> =>
    fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'llama', messages: [{ role: 'user', content: 'hello' }] }),
    });

  it.each(['/v1/models', '/v1/providers/stats', '/v1/requests/nonsense'])('is refused at %s', async (path) => {
    const answer = await call(gateway.url, path);
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ error: { code: 'missing_api_key', type: 'authentication_error' } });
  });

  it('is refused an answer', async () => {
    expect((await chat(gateway.url)).status).toBe(401);
    expect(upstream.calls).toEqual([]);
  });

  it('is let in where the operator allows it, on loopback', async () => {
    const open = await Standalone.start({
      config: { connections: connections() },
      environment: { OVERTURE_ANONYMOUS: 'true' },
    });
    try {
      const answer = await chat(open.url);
      expect(answer.status).toBe(200);
      const record = await call(open.url, `/v1/requests/${answer.headers.get('x-request-id')}`);
      expect(await record.json()).toMatchObject({ status: 'settled', routed: { key_id: 'anonymous' } });
      const wrong = await open.chat('llama', {}, { authorization: 'Bearer sk-igris-wrong' });
      expect(wrong.status).toBe(401);
    } finally {
      await open.discard();
    }
  });

  it('is let in nowhere else: the gateway does not start', async () => {
    const exposed = await Standalone.launch({
      config: { connections: connections() },
      environment: { OVERTURE_ANONYMOUS: 'true', HOST: '0.0.0.0' },
    });
    expect(await exposed.exited()).toBe(1);
    expect(exposed.printed).toMatch(/OVERTURE_ANONYMOUS: only allowed on loopback/);
    await exposed.discard();
  });
});
