import { ScriptedUpstream, answerStatus, answerWhole, inTurn } from '../../engines/scripted-upstream.js';
import { RedisServer } from '../../engines/redis-server.js';
import { Standalone, TEST_KEY } from '../../engines/standalone.js';
import { waitUntil } from '../../engines/wait-until.js';

const MINUTE_MS = 60_000;
/** More than the requests of one test take. */
const ROOM_MS = 15_000;

let redis: RedisServer;
let upstream: ScriptedUpstream;

beforeAll(async () => {
  redis = await RedisServer.start();
  upstream = await ScriptedUpstream.start();
});
afterAll(async () => {
  await upstream.close();
  await redis.stop();
});
beforeEach(() => {
  upstream.calls.length = 0;
  upstream.behaviour = answerWhole();
});

const codeOf = async (answer: Response): Promise<string> => {
  const { error } = (await answer.json()) as { error?: { code: string } };
  return `${answer.status} ${error?.code ?? 'ok'}`;
};

/** Limits are of a minute of the clock: a test that counts begins where it will not turn. */
const minuteWithRoom = (): Promise<true> => waitUntil(() => Date.now() % MINUTE_MS < MINUTE_MS - ROOM_MS);

describe.each([
  ['without Redis', () => ({})],
  ['with Redis', () => ({ OVERTURE_REDIS_URL: redis.url })],
])('a gateway %s', (_, environment) => {
  let gateway: Standalone;

  beforeAll(async () => {
    const prices = { inputPerMillionUsd: '1', outputPerMillionUsd: '1' };
    const names = ['asked', 'counted', 'crowded', 'free'];
    const models = names.map((name) => ({ name, prices, maxOutputTokens: 500 }));
    gateway = await Standalone.start({
      environment: environment(),
      config: {
        connections: [{ slug: 'own', provider: 'custom', baseUrl: upstream.baseUrl, models }],
        cache: { ttlSeconds: 600, scope: 'key' },
        limits: [
          { name: 'three', scope: 'key', of: '*', models: ['asked'], requestsPerMinute: 3 },
          { name: 'few', scope: 'project', of: 'default', models: ['counted'], tokensPerMinute: 1_000 },
          { name: 'one', scope: 'key', of: 'bootstrap', models: ['crowded'], concurrentRequests: 1 },
        ],
      },
    });
  });
  afterAll(() => gateway.discard());

  const held = (): { release: () => void } => {
    const { promise, resolve } = Promise.withResolvers<void>();
    upstream.behaviour = async (call, response) => {
      await promise;
      await answerWhole('late')(call, response);
    };
    return { release: resolve };
  };

  describe('limits', () => {
    it('requests a minute, and says so as OpenAI does', async () => {
      await minuteWithRoom();
      const answers: Response[] = [];
      for (let turn = 0; turn < 4; turn += 1) answers.push(await gateway.chat('asked'));
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
      const left = answers.map(({ headers }) => headers.get('x-ratelimit-remaining-requests'));
      expect(left).toEqual(['2', '1', '0', '0']);
      const refused = answers[3]!;
      expect(refused.headers.get('x-ratelimit-limit-requests')).toBe('3');
      expect(refused.headers.get('x-ratelimit-reset-requests')).toMatch(/^[\d.]+m?s$/);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await codeOf(refused)).toBe('429 rate_limit_exceeded');
      expect(upstream.calls).toHaveLength(3);
      expect(await gateway.metric('overture_rate_limited_total{limit="requests"}')).toBe(1);
    });

    it('tokens a minute: first the most a request can take, then what it took', async () => {
      await minuteWithRoom();
      const { release } = held();
      const first = gateway.chat('counted', { max_tokens: 700 });
      await waitUntil(() => upstream.calls.length === 1);
      expect(await codeOf(await gateway.chat('counted', { max_tokens: 300 }))).toBe('429 rate_limit_exceeded');
      release();
      expect((await first).status).toBe(200);
      upstream.behaviour = answerWhole();
      const next = await gateway.chat('counted', { max_tokens: 700 });
      expect(next.status).toBe(200);
      expect((await gateway.chat('counted', { max_tokens: 700 })).status).toBe(200);
    });

    it('requests at the same time, streams too', async () => {
      const { release } = held();
      const first = gateway.chat('crowded', { stream: true });
      await waitUntil(() => upstream.calls.length === 1);
      const refused = await gateway.chat('crowded');
      expect(refused.headers.get('retry-after')).toBe('1');
      expect(await codeOf(refused)).toBe('429 rate_limit_exceeded');
      release();
      await (await first).text();
      await waitUntil(async () => (await gateway.chat('crowded')).status === 200);
    });

    it('nothing of what no rule is for, and says nothing of it', async () => {
      const answer = await gateway.chat('free');
      expect([...answer.headers.keys()].filter((name) => name.startsWith('x-ratelimit'))).toEqual([]);
    });
  });

  describe('an idempotency key', () => {
    let keys = 0;
    const newKey = (): { 'idempotency-key': string } => ({ 'idempotency-key': `${environment.name} ${++keys}` });
    const events = (): Promise<number> => gateway.metric('overture_journal_events');

    it('makes a request run once: the same answer, under the same id, once in the log and once paid', async () => {
      const key = newKey();
      const first = await gateway.chat('free', {}, key);
      const charged = await gateway.metric('overture_charged_nano_usd_total{connection="own"}');
      const before = await events();
      const second = await gateway.chat('free', {}, key);
      expect(second.status).toBe(200);
      expect(second.headers.get('x-overture-idempotent-replay')).toBe('true');
      expect(second.headers.get('x-request-id')).toBe(first.headers.get('x-request-id'));
      expect(second.headers.get('x-overture-provider')).toBe('own');
      expect(await second.text()).toBe(await first.text());
      expect(upstream.calls).toHaveLength(1);
      expect(await gateway.metric('overture_charged_nano_usd_total{connection="own"}')).toBe(charged);
      expect(await events()).toBe(before + 1);
      expect((await gateway.recordOf(second)).status).toBe('settled');
    });

    it('is one of its route and body: another body is told, another route is another request', async () => {
      const key = newKey();
      await gateway.chat('free', {}, key);
      expect(await codeOf(await gateway.chat('free', { temperature: 0 }, key))).toBe('422 idempotency_key_reused');
      const body = { model: 'free', messages: [{ role: 'user', content: 'hello' }] };
      const other = await gateway.request('/v1/infer', body, key);
      expect(other.headers.get('x-overture-idempotent-replay')).toBeNull();
      expect(upstream.calls).toHaveLength(2);
    });

    it('that is being answered tells to come back, and only one of many runs', async () => {
      const { release } = held();
      const key = newKey();
      const first = gateway.chat('free', {}, key);
      await waitUntil(() => upstream.calls.length === 1);
      const others = await Promise.all(Array.from({ length: 20 }, () => gateway.chat('free', {}, key)));
      expect(others[0]?.headers.get('retry-after')).toBe('1');
      const codes = new Set(await Promise.all(others.map(codeOf)));
      expect(codes).toEqual(new Set(['409 idempotency_in_flight']));
      release();
      expect((await first).status).toBe(200);
      await waitUntil(async () => (await gateway.chat('free', {}, key)).status === 200);
      expect(upstream.calls).toHaveLength(1);
    });

    it('whose caller hung up still has its answer for whoever asks again', async () => {
      const { release } = held();
      const key = newKey();
      const hangUp = new AbortController();
      const body = JSON.stringify({ model: 'free', messages: [{ role: 'user', content: 'hello' }] });
      const given = fetch(`${gateway.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${TEST_KEY}`, 'content-type': 'application/json', ...key },
        body,
        signal: hangUp.signal,
      }).catch(() => null);
      await waitUntil(() => upstream.calls.length === 1);
      hangUp.abort();
      await given;
      release();
      const again = await waitUntil(async () => {
        const answer = await gateway.request('/v1/chat/completions', body, key);
        return answer.status === 200 && answer;
      });
      expect(again.headers.get('x-overture-idempotent-replay')).toBe('true');
      expect(upstream.calls).toHaveLength(1);
    });

    it('is free again after a failure that cost nothing', async () => {
      const key = newKey();
      upstream.behaviour = inTurn(answerStatus(400, { error: { message: 'No.' } }), answerWhole());
      expect((await gateway.chat('free', {}, key)).status).toBe(400);
      expect((await gateway.chat('free', {}, key)).status).toBe(200);
      expect((await gateway.chat('free', {}, key)).headers.get('x-overture-idempotent-replay')).toBe('true');
    });

    it('with an answer too long to be kept does not run again', async () => {
      const key = newKey();
      upstream.behaviour = answerWhole('x'.repeat(1024 * 1024));
      expect((await gateway.chat('free', {}, key)).status).toBe(200);
      expect(await codeOf(await gateway.chat('free', {}, key))).toBe('409 idempotency_answer_not_kept');
      expect(upstream.calls).toHaveLength(1);
    });

    it('is refused on a stream, and where it is too long', async () => {
      expect(await codeOf(await gateway.chat('free', { stream: true }, newKey()))).toBe('400 unsupported_parameter');
      const long = { 'idempotency-key': 'x'.repeat(256) };
      expect(await codeOf(await gateway.chat('free', {}, long))).toBe('400 invalid_value');
      expect(upstream.calls).toEqual([]);
    });
  });

  describe('the cache', () => {
    const question = { temperature: 0, seed: environment.name.length, messages: [{ role: 'user', content: 'two?' }] };

    it('answers the same question again for nothing, and the log says whose answer it was', async () => {
      await gateway.chat('free', question);
      const second = await waitUntil(async () => {
        const answer = await gateway.chat('free', question);
        return answer.headers.get('x-overture-cache') === 'hit' && answer;
      });
      const original = second.headers.get('x-overture-original-request-id');
      expect(await gateway.metric('overture_answers_reused_total{reason="cache"}')).toBe(1);
      expect(await (await gateway.request(`/v1/requests/${original}`)).json()).toMatchObject({ status: 'settled' });
      expect(await second.json()).toMatchObject({ choices: [{ message: { content: 'hello' } }] });
      expect(second.headers.get('x-request-id')).not.toBe(original);
      expect(await gateway.recordOf(second)).toMatchObject({
        id: second.headers.get('x-request-id'),
        status: 'reused',
        charge: null,
        reuse: { original_request_id: original, reason: 'cache' },
      });
    });

    it.each([
      ['another question', { ...question, seed: 1_000 }, {}],
      ['who asks anew', question, { 'x-overture-cache': 'no-store' }],
      ['a stream', { ...question, stream: true }, {}],
      ['an answer that chance has a part in', { ...question, temperature: 1 }, {}],
    ])('does not answer %s', async (_, more, headers) => {
      const answer = await gateway.chat('free', more, headers);
      await answer.text();
      expect(answer.headers.get('x-overture-cache')).toBeNull();
      expect(upstream.calls).toHaveLength(1);
    });

    it('does not keep failures', async () => {
      const asked = { ...question, seed: 2_000 };
      upstream.behaviour = inTurn(answerStatus(400, { error: { message: 'No.' } }), answerWhole());
      expect((await gateway.chat('free', asked)).status).toBe(400);
      expect((await gateway.chat('free', asked)).status).toBe(200);
    });
  });

  it('asked Redis for all of it where there is one', async () => {
    const isUp = 'OVERTURE_REDIS_URL' in environment() ? 1 : 0;
    await waitUntil(async () => (await gateway.metric('overture_redis_up')) === isUp);
  });
});
