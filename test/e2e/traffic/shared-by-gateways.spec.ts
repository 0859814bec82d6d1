import { Cluster } from '../../engines/cluster.js';
import { describeWithKafka } from '../../engines/kafka-broker.js';
import { RedisServer } from '../../engines/redis-server.js';
import { ScriptedUpstream, answerWhole } from '../../engines/scripted-upstream.js';
import { TEST_KEY } from '../../engines/standalone.js';
import { waitUntil } from '../../engines/wait-until.js';

const MINUTE_MS = 60_000;
/** More than the requests of one test take. */
const ROOM_MS = 15_000;
const PER_MINUTE = 40;

const describeWithBoth = RedisServer.isInstalled() ? describeWithKafka : describe.skip;

describeWithBoth('two gateways with one Redis', () => {
  let redis: RedisServer;
  let upstream: ScriptedUpstream;
  let cluster: Cluster;

  const urlOf = (index: number): string => cluster.replicas[index]!.url;
  const authorization = { authorization: `Bearer ${TEST_KEY}` };
  const get = (index: number, path: string): Promise<Response> =>
    fetch(urlOf(index) + path, { headers: authorization });
  const chat = (index: number, more: object = {}, headers: Record<string, string> = {}): Promise<Response> => {
    const body = { model: 'free', messages: [{ role: 'user', content: 'hello' }], max_tokens: 16, ...more };
    return fetch(`${urlOf(index)}/v1/chat/completions`, {
      method: 'POST',
      headers: { ...authorization, 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  };

  beforeAll(async () => {
    redis = await RedisServer.start();
    upstream = await ScriptedUpstream.start(answerWhole());
    const models = [{ name: 'free' }, { name: 'few' }];
    cluster = await Cluster.start({
      gateways: 2,
      projectors: 1,
      environment: { OVERTURE_REDIS_URL: redis.url },
      config: {
        connections: [{ slug: 'own', provider: 'custom', baseUrl: upstream.baseUrl, models }],
        limits: [{ name: 'few', scope: 'key', of: '*', models: ['few'], requestsPerMinute: PER_MINUTE }],
        cache: { ttlSeconds: 600, scope: 'project' },
      },
    });
    for (const index of [0, 1]) {
      const isUp = async (): Promise<boolean> =>
        (await (await get(index, '/metrics')).text()).includes('\noverture_redis_up 1');
      await waitUntil(isUp);
    }
  });
  afterAll(async () => {
    await cluster.discard();
    await upstream.close();
    await redis.stop();
  });
  beforeEach(() => (upstream.calls.length = 0));

  /** At the second gateway, as soon as it says so. */
  const untilTold = (header: string, again: () => Promise<Response>): Promise<Response> =>
    waitUntil(async () => {
      const answer = await again();
      return answer.headers.get(header) !== null && answer;
    });

  it('pass together what one of them would', async () => {
    await waitUntil(() => Date.now() % MINUTE_MS < MINUTE_MS - ROOM_MS);
    const asked = Array.from({ length: 2 * PER_MINUTE }, (_, index) => chat(index % 2, { model: 'few' }));
    const passed = (await Promise.all(asked)).filter(({ status }) => status === 200);
    expect(passed.length).toBeGreaterThanOrEqual(PER_MINUTE);
    // One that had to decide without Redis had half of the limit.
    expect(passed.length).toBeLessThanOrEqual(PER_MINUTE + PER_MINUTE / 2);
  });

  it('give the answer of an idempotency key that the other one made', async () => {
    const key = { 'idempotency-key': 'order-66' };
    const first = await chat(0, {}, key);
    const second = await untilTold('x-overture-idempotent-replay', () => chat(1, {}, key));
    expect(second.headers.get('x-request-id')).toBe(first.headers.get('x-request-id'));
    expect(await second.text()).toBe(await first.text());
  });

  it('give the answer of a question that the other one was asked', async () => {
    await (await chat(0, { temperature: 0 })).text();
    const hit = await untilTold('x-overture-cache', () => chat(1, { temperature: 0 }));
    expect(hit.status).toBe(200);
  });

  it('refuse a revoked key at once', async () => {
    const id = (await cluster.overture('key', 'list')).split(' ')[0] ?? '';
    expect(await cluster.overture('key', 'revoke', id)).toContain('Told 2 gateway(s).');
    for (const index of [0, 1]) await waitUntil(async () => (await get(index, '/v1/models')).status === 401);
  });
});
