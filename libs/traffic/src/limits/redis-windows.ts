import type { Redis } from 'ioredis';
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';

/** Longer than a minute, so that a gateway whose clock is behind still finds it. */
const WINDOW_KEPT_S = 150;

/**
 * Takes points of a window, or none where they are more than is left; gives points back where it is still there.
 * The script that comes with the library counts what it refuses, so that one large request would shut out all smaller
 * ones until the window ends.
 */
const TAKE_WHAT_FITS = `
  local points = tonumber(ARGV[1])
  local held = redis.call('GET', KEYS[1])
  local count = tonumber(held or '0')
  local ttl = 1000 * ARGV[2]
  if points < 0 then
    if not held then return {0, ttl} end
    points = math.max(points, -count)
  elseif count + points > tonumber(ARGV[3]) then
    return {count + points, ttl}
  end
  count = redis.call('INCRBY', KEYS[1], points)
  if not held then redis.call('EXPIRE', KEYS[1], ARGV[2]) end
  return {count, ttl}`;

/** The windows that all gateways count in. Every minute is a key of its own: no window takes another's points. */
export class RedisWindows {
  private readonly byLimit = new Map<number, RateLimiterRedis>();

  constructor(private readonly redis: Redis) {}

  /** @throws when Redis does. */
  async take(window: string, amount: number, limit: number): Promise<TakenOfWindow> {
    try {
      const { remainingPoints } = await this.limiterOf(limit).consume(window, amount);
      return { taken: true, remaining: remainingPoints };
    } catch (thrown) {
      if (!(thrown instanceof RateLimiterRes)) throw thrown;
      return { taken: false, remaining: Math.max(0, limit - (thrown.consumedPoints - amount)) };
    }
  }

  /** Adds to a window beyond its limit, for what has been used has been used; below zero gives back. */
  async correct(window: string, amount: number): Promise<void> {
    const limiter = this.limiterOf(Number.MAX_SAFE_INTEGER);
    await (amount < 0 ? limiter.reward(window, -amount) : limiter.penalty(window, amount));
  }

  private limiterOf(points: number): RateLimiterRedis {
    let limiter = this.byLimit.get(points);
    if (limiter === undefined) {
      limiter = new RateLimiterRedis({
        storeClient: this.redis,
        keyPrefix: '',
        points,
        duration: WINDOW_KEPT_S,
        customIncrTtlLuaScript: TAKE_WHAT_FITS,
      });
      this.byLimit.set(points, limiter);
    }
    return limiter;
  }
}

export interface TakenOfWindow {
  readonly taken: boolean;
  readonly remaining: number;
}
