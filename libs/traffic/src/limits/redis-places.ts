import type { Redis } from 'ioredis';
import type { TakenOfWindow } from './redis-windows.js';

/** A gateway that died frees its places after this long; a living one renews them well before. */
const LEASE_MS = 15_000;

const NOW = `
  local t = redis.call('TIME')
  local now = t[1] * 1000 + math.floor(t[2] / 1000)`;

const TAKE = `${NOW}
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
  local open = redis.call('ZCARD', KEYS[1])
  if open >= tonumber(ARGV[1]) then return {0, open} end
  redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[2])
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  return {1, open + 1}`;

const RENEW = `${NOW}
  for at = 2, #ARGV do redis.call('ZADD', KEYS[1], now + ARGV[1], ARGV[at]) end
  redis.call('PEXPIRE', KEYS[1], ARGV[1])`;

const keyOf = (account: string): string => `overture:open:${account}`;

/** Places of open requests that all gateways share, each leased for a short time by the clock of Redis. */
export class RedisPlaces {
  private readonly held = new Map<string, Set<string>>();

  /** @throws when Redis does. */
  async take(redis: Redis, { account, requestId }: Place, limit: number): Promise<TakenOfWindow> {
    const answer = await redis.eval(TAKE, 1, keyOf(account.name), limit, requestId, LEASE_MS);
    const [taken, open] = answer as [number, number];
    return { taken: taken === 1, remaining: Math.max(0, limit - open) };
  }

  /** From now on the lease is renewed. */
  hold({ account, requestId }: Place): void {
    const held = this.held.get(account.name) ?? new Set();
    this.held.set(account.name, held.add(requestId));
  }

  /** The lease is no longer renewed: without `free` it ends by itself. */
  letGo({ account, requestId }: Place): void {
    const held = this.held.get(account.name);
    held?.delete(requestId);
    if (held?.size === 0) this.held.delete(account.name);
  }

  async free(redis: Redis, { account, requestId }: Place): Promise<void> {
    await redis.zrem(keyOf(account.name), requestId);
  }

  async renew(redis: Redis): Promise<void> {
    const renewals = [...this.held].map(([account, ids]) => redis.eval(RENEW, 1, keyOf(account), LEASE_MS, ...ids));
    await Promise.all(renewals);
  }
}

/** The place of one open request. */
export interface Place {
  readonly account: { readonly name: string };
  readonly requestId: string;
}
