import { randomUUID } from 'node:crypto';
import { Secret } from '#contracts';
import { RedisServer } from '../../../../test/engines/redis-server.js';
import { waitUntil } from '../../../../test/engines/wait-until.js';
import { RedisLink } from '../redis/redis-link.js';
import type { LimitDemand, Limits } from './rate-limit.js';
import { rateLimiterSuite } from './rate-limiter.suite.js';
import { RedisRateLimiter } from './redis.rate-limiter.js';

/** More than a busy machine keeps a test waiting. */
const ANSWER_WITHIN_MS = 2_000;

let redis: RedisServer;
const links: RedisLink[] = [];
let degraded = 0;

/** One gateway of several. */
async function open(): Promise<{ link: RedisLink; limiter: RedisRateLimiter }> {
  const link = new RedisLink(new Secret(redis.url), {
    replicaId: randomUUID(),
    answerWithinMs: ANSWER_WITHIN_MS,
    onChange: () => undefined,
    onDegraded: () => void (degraded += 1),
  });
  links.push(link);
  const limiter = new RedisRateLimiter(link);
  await link.start();
  await waitUntil(() => link.isUp);
  return { link, limiter };
}

let first: Awaited<ReturnType<typeof open>>;
let second: Awaited<ReturnType<typeof open>>;

beforeAll(async () => {
  redis = await RedisServer.start();
  first = await open();
  second = await open();
  await waitUntil(() => first.link.replicas === 2 && second.link.replicas === 2);
});
afterAll(async () => {
  await Promise.all(links.map((link) => link.close()));
  await redis.stop();
});
beforeEach(() => (degraded = 0));
afterEach(() => redis.resume());

rateLimiterSuite('limits counted in Redis', () => first.limiter);

describe('two gateways with one Redis', () => {
  const account = (limits: Partial<Limits>): LimitDemand['accounts'][number] => ({
    name: `key:${randomUUID()}:rule`,
    rule: 'rule',
    limits: { requests: null, tokens: null, concurrent: null, ...limits },
  });
  const demand = (of: LimitDemand['accounts'][number]): LimitDemand => ({
    requestId: randomUUID(),
    accounts: [of],
    tokens: 10,
    epochMs: Date.UTC(2026, 10, 21, 12),
  });
  const passed = async (limiter: RedisRateLimiter, of: LimitDemand['accounts'][number], times: number) => {
    const asked = Array.from({ length: times }, () => limiter.take(demand(of)));
    return (await Promise.all(asked)).filter(({ refusal }) => refusal === null).length;
  };
  const isBack = (): Promise<true> => waitUntil(() => first.link.isUp && second.link.isUp);

  it.each([{ requests: 100 }, { tokens: 1_000 }, { concurrent: 100 }])('pass %o together, not each', async (limits) => {
    const of = account(limits);
    const counts = await Promise.all([passed(first.limiter, of, 80), passed(second.limiter, of, 80)]);
    expect(counts[0]! + counts[1]!).toBe(100);
    expect(degraded).toBe(0);
  });

  it('free places for one another', async () => {
    const of = account({ concurrent: 1 });
    const open = demand(of);
    expect((await first.limiter.take(open)).refusal).toBeNull();
    expect(await passed(second.limiter, of, 1)).toBe(0);
    first.limiter.settle(open, 1);
    await waitUntil(async () => (await passed(second.limiter, of, 1)) === 1);
  });

  it('go on with half the limit each while it is dead, and together again when it is back', async () => {
    const of = account({ requests: 100 });
    await redis.kill();
    await waitUntil(() => !first.link.isUp && !second.link.isUp);
    expect(await passed(first.limiter, of, 80)).toBe(50);
    expect(await passed(second.limiter, of, 80)).toBe(50);
    expect(degraded).toBe(160);
    await redis.restart();
    await isBack();
    const fresh = account({ requests: 10 });
    expect((await passed(first.limiter, fresh, 8)) + (await passed(second.limiter, fresh, 8))).toBe(10);
  });

  it('wait for one that stands still once, and no longer than they must', async () => {
    const of = account({ requests: 100 });
    redis.pause();
    expect(await passed(first.limiter, of, 80)).toBe(50);
    expect(first.link.isUp).toBe(false);
    const askedMs = performance.now();
    expect(await passed(first.limiter, of, 10)).toBe(0);
    expect(performance.now() - askedMs).toBeLessThan(ANSWER_WITHIN_MS);
    redis.resume();
    await isBack();
  });

  it('alone pass no more than the limit, whatever Redis has forgotten', async () => {
    const of = account({ requests: 100 });
    expect(await passed(first.limiter, of, 70)).toBe(70);
    await redis.command('FLUSHALL');
    expect(await passed(first.limiter, of, 70)).toBe(30);
  });
});
