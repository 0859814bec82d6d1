import { eventsOf } from '../../engines/event-stream.js';
import {
  ScriptedUpstream,
  answerBytes,
  answerNothing,
  answerStatus,
  answerStream,
  answerWhole,
  hangUp,
  inTurn,
  type Behaviour,
} from '../../engines/scripted-upstream.js';
import { Standalone } from '../../engines/standalone.js';
import { waitUntil } from '../../engines/wait-until.js';

/** Every test has a model of its own, so that none meets the circuit that another has opened. */
const MODELS = Array.from({ length: 80 }, (_, index) => ({
  name: `model-${index}`,
  prices: { inputPerMillionUsd: '1', outputPerMillionUsd: '2' },
}));
/** Nano-USD of 20 tokens in and 10 out. */
const COST_NANO_USD = '40000';
/** One request tries three times in all, whoever fails. */
const ATTEMPTS_MAX = 3;
const OPEN_AFTER_FAILURES = 5;

let upstream: ScriptedUpstream;
let gateway: Standalone;
let model = '';

beforeAll(async () => {
  upstream = await ScriptedUpstream.start();
  const connection = (slug: string, timeouts?: object): object => ({
    slug,
    provider: 'openai',
    baseUrl: upstream.baseUrlOf(slug),
    apiKey: 'sk-of-the-operator',
    models: MODELS,
    ...(timeouts && { timeouts }),
  });
  gateway = await Standalone.start({
    config: {
      connections: [
        connection('alpha'),
        connection('beta'),
        // Each is short of one kind of patience only, so that no other can run out first on a busy machine.
        connection('wants-a-head', { headersMs: 200 }),
        connection('wants-a-word', { firstTokenMs: 200 }),
        connection('hates-silence', { idleMs: 200 }),
        connection('has-a-second', { totalMs: 1_000 }),
      ],
      groups: Object.fromEntries(MODELS.map(({ name }) => [`pair-${name}`, [`alpha/${name}`, `beta/${name}`]])),
      routing: { strategy: 'round-robin' },
    },
  });
});

afterAll(async () => {
  await gateway.discard();
  await upstream.close();
});

beforeEach(() => {
  const [{ name }] = MODELS.splice(0, 1) as [(typeof MODELS)[number]];
  model = name;
  upstream.calls.length = 0;
});

const failure = (message: string, code: string | null = null): object => ({
  error: { message, type: 'some_error', code, param: null },
});

const ROLE = 'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}\n\n';
const TEXT = 'data: {"choices":[{"index":0,"delta":{"content":"hel"},"finish_reason":null}]}\n\n';
const IN_BAND = `data: ${JSON.stringify(failure('the engine is on fire'))}\n\n`;

/** What the ledger has of a request: how each attempt ended, and how the request was closed. */
async function bookedAs(answer: Response): Promise<{ outcomes: string[]; charge: string; reason: string }> {
  const { attempts, charge } = await gateway.recordOf(answer);
  return {
    outcomes: attempts.map(({ connection, outcome }) => `${connection}: ${outcome}`),
    charge: `${charge?.state} ${charge?.amount_nano_usd}`,
    reason: charge?.reason ?? '',
  };
}

interface Told {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly retryAfter: string | null;
}

async function toldBy(response: Response): Promise<Told> {
  const { error, detail } = (await response.json()) as { error: { code: string }; detail: string };
  return { status: response.status, code: error.code, detail, retryAfter: response.headers.get('retry-after') };
}

const failing: Behaviour = answerStatus(500, failure('The server had an error.'));
const onAlpha = ({ path }: { path: string }): boolean => path.startsWith('/alpha/');
const callsOfAlpha = (): number => upstream.calls.filter(onAlpha).length;

const isExcluded = async (answer: Response): Promise<boolean> => {
  const { routed } = await gateway.recordOf(answer);
  return routed?.excluded.some(({ id }) => id === `alpha/${model}`) ?? false;
};

async function breakerOfAlpha(): Promise<{ state: string } | undefined> {
  const { data } = (await (await gateway.request('/v1/providers/stats')).json()) as {
    data: { connection: string; model: string; breakers: { state: string }[] }[];
  };
  return data.find((row) => row.connection === 'alpha' && row.model === model)?.breakers[0];
}

/** A circuit that the first test opens and the last one closes: half a minute lies between the two. */
const broken = { model: '', sinceMs: 0 };
const OPEN_MS = 30_000;

describe('a circuit', () => {
  it('opens after five failures in a row, and its provider is left alone', async () => {
    upstream.behaviour = (call, response) => (onAlpha(call) ? failing : answerWhole())(call, response);
    const excluded = await waitUntil(async () => {
      const answer = await gateway.chat(`pair-${model}`);
      expect(answer.status).toBe(200);
      return (await isExcluded(answer)) && answer;
    });
    Object.assign(broken, { model, sinceMs: performance.now() });
    expect(callsOfAlpha()).toBe(OPEN_AFTER_FAILURES);
    const { routed } = await gateway.recordOf(excluded);
    expect(routed?.excluded).toEqual([{ id: `alpha/${model}`, reason: 'breaker_open' }]);
    for (let turn = 0; turn < 10; turn++) await gateway.chat(`pair-${model}`);
    expect(callsOfAlpha()).toBe(OPEN_AFTER_FAILURES);
    expect(await waitUntil(breakerOfAlpha)).toMatchObject({ state: 'open', last_outcome: 'server_error' });
  });

  it('never ejects the last candidate: an answer that may fail is better than a refusal that must', async () => {
    upstream.behaviour = failing;
    for (let turn = 0; turn < 3; turn++) expect((await gateway.chat(`@alpha/${model}`)).status).toBe(502);
    expect(upstream.calls).toHaveLength(3 * ATTEMPTS_MAX);
    upstream.behaviour = answerWhole();
    const answer = await gateway.chat(`@alpha/${model}`);
    expect(answer.status).toBe(200);
    expect(await bookedAs(answer)).toMatchObject({ charge: `settled ${COST_NANO_USD}` });
  });

  it('is not opened by rate limits, which only keep the provider out until its Retry-After', async () => {
    const limited = answerStatus(429, failure('no'), { 'retry-after': '60' });
    upstream.behaviour = (call, response) => (onAlpha(call) ? limited : answerWhole())(call, response);
    const excluded = await waitUntil(async () => {
      const answer = await gateway.chat(`pair-${model}`);
      return (await isExcluded(answer)) && answer;
    });
    expect(callsOfAlpha()).toBe(1);
    const { routed } = await gateway.recordOf(excluded);
    expect(routed?.excluded).toEqual([{ id: `alpha/${model}`, reason: 'retry_after' }]);
    expect(await breakerOfAlpha()).toBeUndefined();
  });
});

describe('a provider that refuses', () => {
  const html = '<html><body>Bad gateway</body></html>';
  it.each<[what: string, behaviour: Behaviour, told: Told, outcomes: string[]]>([
    [
      'the request',
      answerStatus(400, failure('Unknown parameter: x.')),
      {
        status: 400,
        code: 'provider_rejected_request',
        detail: 'OpenAI error 400: Unknown parameter: x.',
        retryAfter: null,
      },
      ['invalid_request'],
    ],
    [
      'the length of the prompt',
      answerStatus(400, failure('Too many tokens.', 'context_length_exceeded')),
      { status: 400, code: 'context_length_exceeded', detail: 'OpenAI error 400: Too many tokens.', retryAfter: null },
      ['context_length_exceeded'],
    ],
    [
      'our key',
      answerStatus(401, failure('Incorrect API key provided.', 'invalid_api_key')),
      {
        status: 502,
        code: 'provider_unauthorized',
        detail: 'OpenAI error 401: Incorrect API key provided.',
        retryAfter: null,
      },
      ['unauthorized'],
    ],
    [
      'our country',
      answerStatus(403, failure('Country not supported.')),
      {
        status: 502,
        code: 'provider_unauthorized',
        detail: 'OpenAI error 403: Country not supported.',
        retryAfter: null,
      },
      ['unauthorized'],
    ],
    [
      'the model',
      answerStatus(404, failure('No such model.', 'model_not_found')),
      { status: 404, code: 'model_not_found', detail: 'OpenAI error 404: No such model.', retryAfter: null },
      ['not_found'],
    ],
    [
      'until later',
      answerStatus(429, failure('Slow down.', 'rate_limit_exceeded'), { 'retry-after': '7' }),
      { status: 429, code: 'provider_rate_limited', detail: 'OpenAI error 429: Slow down.', retryAfter: '7' },
      ['rate_limited'],
    ],
    [
      'for want of money',
      answerStatus(429, failure('You exceeded your quota.', 'insufficient_quota')),
      {
        status: 502,
        code: 'provider_unauthorized',
        detail: 'OpenAI error 429: You exceeded your quota.',
        retryAfter: null,
      },
      ['payment_required'],
    ],
    [
      'for too much load',
      answerStatus(503, failure('Overloaded.'), { 'retry-after': '30' }),
      { status: 502, code: 'provider_error', detail: 'OpenAI error 503: Overloaded.', retryAfter: '30' },
      ['overloaded'],
    ],
    [
      'with a server error, each time it is asked',
      failing,
      { status: 502, code: 'provider_error', detail: 'OpenAI error 500: The server had an error.', retryAfter: null },
      ['server_error', 'server_error', 'server_error'],
    ],
    [
      'with a page for people',
      answerStatus(502, html, { 'content-type': 'text/html', 'retry-after': '60' }),
      { status: 502, code: 'provider_error', detail: 'OpenAI error 502: HTTP 502 without a message', retryAfter: '60' },
      ['server_error'],
    ],
    [
      'with a redirect, which is not followed',
      answerStatus(302, '', { location: '/elsewhere', 'retry-after': '60' }),
      {
        status: 502,
        code: 'provider_bad_response',
        detail: 'OpenAI error 302: HTTP 302 without a message',
        retryAfter: '60',
      },
      ['bad_response'],
    ],
  ])('is quoted, and nothing is charged: it refuses %s', async (_, behaviour, told, outcomes) => {
    for (const stream of [false, true]) {
      upstream.calls.length = 0;
      upstream.behaviour = behaviour;
      const answer = await gateway.chat(`@alpha/${model}`, { stream });
      expect(await toldBy(answer)).toEqual(told);
      expect(upstream.calls).toHaveLength(outcomes.length);
      expect(await bookedAs(answer)).toEqual({
        outcomes: outcomes.map((outcome) => `alpha: ${outcome}`),
        charge: 'voided 0',
        reason: 'no_answer',
      });
    }
  });
});

describe('a provider that answers something else', () => {
  const completion = (fields: object): string => JSON.stringify({ id: 'x', object: 'chat.completion', ...fields });
  it.each<[what: string, stream: boolean, behaviour: Behaviour, code: string, outcome: string]>([
    ['no JSON', false, answerBytes(['pong']), 'provider_bad_response', 'bad_response'],
    ['no choices', false, answerBytes([completion({ choices: [] })]), 'provider_bad_response', 'bad_response'],
    ['an error under 200', false, answerStatus(200, failure('broken')), 'provider_bad_response', 'bad_response'],
    ['an empty body', false, answerStatus(200, ''), 'provider_bad_response', 'bad_response'],
    ['half a body', false, answerBytes(['{"id":'], { ending: 'cut' }), 'provider_error', 'connection_failed'],
    ['a closed door', false, hangUp, 'provider_error', 'connection_failed'],
    ['a closed door', true, hangUp, 'provider_error', 'connection_failed'],
    ['an empty stream', true, answerBytes([]), 'provider_bad_response', 'bad_response'],
    ['a stream that only begins', true, answerBytes([ROLE]), 'provider_bad_response', 'bad_response'],
    [
      'a stream of garbage',
      true,
      answerBytes(['data: {"choi\n\ndata: ces"\n\n']),
      'provider_bad_response',
      'bad_response',
    ],
    ['an error in the stream', true, answerBytes([ROLE, IN_BAND]), 'provider_error', 'stream_error'],
    ['no stream at all', true, answerStatus(200, completion({ choices: [] })), 'provider_bad_response', 'bad_response'],
  ])('is a 502, asked as often as the budget allows: %s (stream: %s)', async (_, stream, behaviour, code, outcome) => {
    upstream.behaviour = behaviour;
    const answer = await gateway.chat(`@alpha/${model}`, { stream });
    expect(await toldBy(answer)).toMatchObject({ status: 502, code, detail: expect.stringMatching(/^OpenAI error /) });
    expect(upstream.calls).toHaveLength(ATTEMPTS_MAX);
    expect(await bookedAs(answer)).toEqual({
      outcomes: Array.from({ length: ATTEMPTS_MAX }, () => `alpha: ${outcome}`),
      charge: 'voided 0',
      reason: 'no_answer',
    });
  });

  it('is charged by what arrived when it does not say what it used', async () => {
    upstream.behaviour = answerWhole('x'.repeat(400), null);
    const answer = await gateway.chat(`@alpha/${model}`);
    const { attempts, charge } = await gateway.recordOf(answer);
    expect(answer.status).toBe(200);
    expect(attempts).toMatchObject([{ outcome: 'ok', usage_source: 'estimated', usage: { output: 100 } }]);
    expect(charge).toMatchObject({ state: 'estimated', lines: [{ estimated: true, usage: { output: 100 } }] });
  });

  it('is charged nothing when it says that it used nothing', async () => {
    upstream.behaviour = answerWhole('for free', { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 });
    const answer = await gateway.chat(`@alpha/${model}`);
    expect(await answer.json()).toMatchObject({ metadata: { cost_usd: 0 } });
    expect(await bookedAs(answer)).toMatchObject({ charge: 'settled 0' });
  });
});

describe('a provider that is too slow', () => {
  it.each<[what: string, stream: boolean, behaviour: Behaviour, connection: string, outcome: string]>([
    ['says nothing', true, answerNothing, 'wants-a-head', 'timeout_headers'],
    ['sends a head only', true, answerBytes([], { ending: 'hang' }), 'wants-a-word', 'timeout_first_token'],
    ['clears its throat only', true, answerBytes([ROLE], { ending: 'hang' }), 'wants-a-word', 'timeout_first_token'],
    ['stops within a body', false, answerBytes(['{"id":'], { ending: 'hang' }), 'hates-silence', 'timeout_idle'],
  ])(
    'is a 504 when it %s (stream: %s), after as many calls as the budget allows',
    async (_, stream, behaviour, connection, outcome) => {
      upstream.behaviour = behaviour;
      const answer = await gateway.chat(`@${connection}/${model}`, { stream });
      expect(await toldBy(answer)).toMatchObject({ status: 504, code: 'provider_timeout' });
      expect(upstream.calls).toHaveLength(ATTEMPTS_MAX);
      await Promise.all(upstream.calls.map(({ closed }) => closed));
      const outcomes = Array.from({ length: ATTEMPTS_MAX }, () => `${connection}: ${outcome}`);
      expect(await bookedAs(answer)).toEqual({ outcomes, charge: 'voided 0', reason: 'no_answer' });
    },
  );

  it.each([false, true])('is a 504 as soon as the time for all attempts is up (stream: %s)', async (stream) => {
    upstream.behaviour = answerNothing;
    const answer = await gateway.chat(`@has-a-second/${model}`, { stream });
    expect(await toldBy(answer)).toMatchObject({ status: 504, code: 'provider_timeout' });
    expect(upstream.calls).toHaveLength(1);
    await upstream.calls[0]?.closed;
    expect((await bookedAs(answer)).outcomes).toEqual(['has-a-second: timeout_total']);
  });

  const endless = answerStream(
    Array.from({ length: 1_000 }, () => 'on and '),
    { gapMs: 20 },
  );
  it.each<[what: string, connection: string, behaviour: Behaviour, outcome: string]>([
    ['falls silent', 'hates-silence', answerBytes([ROLE, TEXT], { ending: 'hang' }), 'timeout_idle'],
    ['never ends', 'has-a-second', endless, 'timeout_total'],
  ])('breaks the stream when it %s after its first word', async (_, connection, behaviour, outcome) => {
    upstream.behaviour = behaviour;
    const answer = await gateway.chat(`@${connection}/${model}`, { stream: true });
    const events = eventsOf(await answer.text());
    expect(answer.status).toBe(200);
    expect(JSON.parse(events.at(-1) ?? '')).toMatchObject({ error: { code: 'provider_timeout' } });
    expect(upstream.calls).toHaveLength(1);
    await upstream.calls[0]?.closed;
    expect((await bookedAs(answer)).outcomes).toEqual([`${connection}: ${outcome}`]);
  });
});

describe('failing over', () => {
  const failures: [what: string, behaviour: Behaviour, outcome: string][] = [
    ['a server error', answerStatus(500, failure('no')), 'server_error'],
    ['overload', answerStatus(503, failure('no')), 'overloaded'],
    ['a rate limit', answerStatus(429, failure('no'), { 'retry-after': '60' }), 'rate_limited'],
    ['a key that is refused', answerStatus(401, failure('no')), 'unauthorized'],
    ['a model that it lacks', answerStatus(404, failure('no')), 'not_found'],
    ['a closed door', hangUp, 'connection_failed'],
  ];
  const ofStreams: typeof failures = [
    ['an empty stream', answerBytes([]), 'bad_response'],
    ['a stream that breaks before its first word', answerBytes([ROLE], { ending: 'cut' }), 'connection_failed'],
    ['an error before its first word', answerBytes([ROLE, IN_BAND]), 'stream_error'],
  ];

  it.each([
    ...failures.map((one) => [...one, false] as const),
    ...[...failures, ...ofStreams].map((one) => [...one, true] as const),
  ])('after %s is not seen by the caller', async (_, behaviour, outcome, stream) => {
    upstream.behaviour = inTurn(behaviour, answerWhole('hello'));
    const answer = await gateway.chat(`pair-${model}`, { stream });
    const text = await answer.text();
    expect(answer.status).toBe(200);
    expect(text).toContain('"content":"hello"');
    expect(text.match(/"role":"assistant"/g)).toHaveLength(1);
    expect(text).not.toContain('error');
    const { routed, attempts, charge } = await gateway.recordOf(answer);
    expect(attempts.map(({ candidate }) => candidate)).toEqual([routed?.chosen, routed?.fallback[0]]);
    expect(attempts.map((attempt) => attempt.outcome)).toEqual([outcome, 'ok']);
    expect(answer.headers.get('x-overture-provider')).toBe(attempts[1]?.connection);
    expect(charge).toMatchObject({ state: 'settled', lines: [{ attempt: 2, candidate: attempts[1]?.candidate }] });
  });

  it('does not happen for a request that is wrong wherever it goes', async () => {
    upstream.behaviour = inTurn(answerStatus(400, failure('Wrong.')), answerWhole());
    expect((await gateway.chat(`pair-${model}`)).status).toBe(400);
    expect(upstream.calls).toHaveLength(1);
  });

  it('shares one budget with the retries: three calls, whoever gets them', async () => {
    upstream.behaviour = answerStatus(500, failure('no'));
    const answer = await gateway.chat(`pair-${model}`);
    expect(await toldBy(answer)).toMatchObject({ status: 502, code: 'provider_error' });
    const { routed, attempts } = await gateway.recordOf(answer);
    const [first, second] = [routed?.chosen, routed?.fallback[0]];
    expect(attempts.map(({ candidate }) => candidate)).toEqual([first, second, first]);
    expect(upstream.calls).toHaveLength(ATTEMPTS_MAX);
  });

  it('waits for a provider that asks for a moment, if nobody else is left', async () => {
    upstream.behaviour = inTurn(answerStatus(429, failure('no'), { 'retry-after-ms': '30' }), answerWhole());
    const answer = await gateway.chat(`@alpha/${model}`);
    expect(answer.status).toBe(200);
    expect((await bookedAs(answer)).outcomes).toEqual(['alpha: rate_limited', 'alpha: ok']);
  });

  it.each<[what: string, behaviour: Behaviour, code: string, outcome: string]>([
    ['breaks off', answerBytes([ROLE, TEXT], { ending: 'cut' }), 'provider_stream_cut', 'stream_cut'],
    ['ends without saying so', answerBytes([ROLE, TEXT]), 'provider_stream_cut', 'stream_cut'],
    ['reports an error', answerBytes([ROLE, TEXT, IN_BAND]), 'provider_error', 'stream_error'],
    ['turns to garbage', answerBytes([ROLE, TEXT, 'data: <html>\n\n']), 'provider_bad_response', 'bad_response'],
  ])('stops at the first word: a stream that %s is an error in the stream', async (_, behaviour, code, outcome) => {
    upstream.behaviour = inTurn(behaviour, answerWhole());
    const answer = await gateway.chat(`pair-${model}`, { stream: true });
    const events = eventsOf(await answer.text());
    expect(answer.status).toBe(200);
    expect(events.slice(0, -1).map((event) => `data: ${event}\n\n`)).toEqual([ROLE, TEXT]);
    expect(JSON.parse(events.at(-1) ?? '')).toEqual({
      error: { message: expect.any(String), type: 'api_error', code, param: null },
      detail: expect.stringMatching(/^OpenAI error 200: /),
    });
    expect(upstream.calls).toHaveLength(1);
    const { status, attempts, charge } = await gateway.recordOf(answer);
    expect(attempts).toMatchObject([{ outcome, fault: 'provider', usage_source: 'estimated', usage: { output: 1 } }]);
    expect({ status, reason: charge?.reason }).toEqual({ status: 'estimated', reason: outcome });
  });
});

describe('a circuit whose time has come', () => {
  it('lets one probe through, keeps everyone else away until it is back, and closes', async () => {
    model = broken.model;
    const probe = Promise.withResolvers<void>();
    upstream.behaviour = async (call, response) => {
      if (onAlpha(call)) await probe.promise;
      await answerWhole()(call, response);
    };
    await waitUntil(() => performance.now() - broken.sinceMs > OPEN_MS);
    // Who is sent there is drawn: sooner or later somebody is, and waits.
    const answers: Promise<Response>[] = [];
    while (callsOfAlpha() === 0) {
      const answer = gateway.chat(`pair-${model}`);
      answers.push(answer);
      await Promise.race([answer, waitUntil(() => callsOfAlpha() > 0)]);
    }
    answers.push(...Array.from({ length: 20 }, () => gateway.chat(`pair-${model}`)));
    await Promise.all(answers.slice(-20));
    expect(callsOfAlpha()).toBe(1);

    probe.resolve();
    expect(new Set((await Promise.all(answers)).map(({ status }) => status))).toEqual(new Set([200]));
    expect(await isExcluded(await gateway.chat(`pair-${model}`))).toBe(false);
    expect(await waitUntil(async () => (await breakerOfAlpha())?.state === 'closed')).toBe(true);
  });
});
