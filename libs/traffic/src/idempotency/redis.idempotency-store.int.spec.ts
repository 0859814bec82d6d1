import { randomUUID } from 'node:crypto';
import { Secret, type Clock } from '#contracts';
import { RedisServer } from '../../../../test/engines/redis-server.js';
import { waitUntil } from '../../../../test/engines/wait-until.js';
import { RedisLink } from '../redis/redis-link.js';
import { idempotencyStoreSuite } from './idempotency-store.suite.js';
import { RedisIdempotencyStore } from './redis.idempotency-store.js';

const clock: Clock = { epochMs: () => Date.now(), monotonicMs: () => performance.now() };
let redis: RedisServer;
let stores: readonly { link: RedisLink; store: RedisIdempotencyStore }[] = [];

beforeAll(async () => {
  redis = await RedisServer.start();
  stores = ['a', 'b'].map((replicaId) => {
    const listener = { onChange: () => undefined, onDegraded: () => undefined };
    // More than a busy machine keeps a test waiting.
    const link = new RedisLink(new Secret(redis.url), { replicaId, answerWithinMs: 2_000, ...listener });
    return { link, store: new RedisIdempotencyStore(link, clock, 60_000) };
  });
  for (const { link } of stores) await link.start();
  await isUp();
});
afterAll(async () => {
  await Promise.all(stores.map(({ link }) => link.close()));
  await redis.stop();
});

const isUp = (): Promise<true> => waitUntil(() => stores.every(({ link }) => link.isUp));
const isDown = (): Promise<true> => waitUntil(() => stores.every(({ link }) => !link.isUp));
const first = (): RedisIdempotencyStore => stores[0]!.store;
const second = (): RedisIdempotencyStore => stores[1]!.store;

idempotencyStoreSuite('idempotency keys in Redis', () => first());

describe('two gateways with one Redis', () => {
  const claimOf = (name = randomUUID()) => ({ name, body: 'body', owner: randomUUID() });
  const answer = Buffer.from('answer');

  it('claim a name once, and give the same answer', async () => {
    const claim = claimOf();
    expect(await first().claim(claim)).toEqual({ state: 'claimed' });
    expect(await second().claim(claimOf(claim.name))).toEqual({ state: 'in_flight' });
    await first().keep(claim, answer);
    expect(await second().claim(claimOf(claim.name))).toEqual({ state: 'finished', answer });
  });

  it('know their own claims and answers while it is away, and when it is back', async () => {
    const [open, finished] = [claimOf(), claimOf()];
    await first().claim(open);
    await redis.kill();
    await isDown();
    expect(await first().claim(claimOf(open.name))).toEqual({ state: 'in_flight' });
    expect(await first().claim(finished)).toEqual({ state: 'claimed' });
    await first().keep(finished, answer);
    expect(await first().claim(claimOf(finished.name))).toEqual({ state: 'finished', answer });
    await redis.restart();
    await isUp();
    expect(await first().claim(claimOf(open.name))).toEqual({ state: 'in_flight' });
    expect(await first().claim(claimOf(finished.name))).toEqual({ state: 'finished', answer });
  });

  it('remember what they answered when Redis has forgotten it', async () => {
    const claim = claimOf();
    await first().claim(claim);
    await first().keep(claim, answer);
    await redis.command('FLUSHALL');
    expect(await first().claim(claimOf(claim.name))).toEqual({ state: 'finished', answer });
  });

  it('keep the answer of a claim that Redis has forgotten', async () => {
    const claim = claimOf();
    await first().claim(claim);
    await redis.command('FLUSHALL');
    await first().keep(claim, answer);
    expect(await second().claim(claimOf(claim.name))).toEqual({ state: 'finished', answer });
  });

  it('leave the answer of the one that came first', async () => {
    const [one, other] = [claimOf(), claimOf()];
    const twice = { ...other, name: one.name };
    await first().claim(one);
    await redis.command('FLUSHALL');
    expect(await second().claim(twice)).toEqual({ state: 'claimed' });
    await second().keep(twice, answer);
    await first().keep(one, Buffer.from('late'));
    expect(await second().claim(claimOf(one.name))).toEqual({ state: 'finished', answer });
  });
});
