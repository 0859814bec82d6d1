import { Redis } from 'ioredis';
import type { Secret } from '#contracts';
import type { RedisLink } from './redis-link.js';

const CHANNEL = 'overture:keys';
const TELL_WITHIN_MS = 2_000;

/**
 * Tells every gateway that keys have changed; which ones it looks up itself, so that a forged message costs a query and
 * nothing more. Rejects where Redis is away: the gateways find out by their next poll.
 *
 * @returns how many listen.
 */
export async function announceKeyChange(url: Secret): Promise<number> {
  const redis = new Redis(url.reveal(), {
    lazyConnect: true,
    connectTimeout: TELL_WITHIN_MS,
    commandTimeout: TELL_WITHIN_MS,
    retryStrategy: () => null,
  });
  redis.on('error', () => undefined); // `connect` rejects, too
  try {
    await redis.connect();
    return await redis.publish(CHANNEL, 'changed');
  } finally {
    redis.disconnect();
  }
}

/** Calls whenever keys have changed somewhere; returns what stops it. */
export function hearKeyChanges(link: RedisLink, hear: () => void): () => void {
  const subscriber = link.subscribe(CHANNEL, hear);
  return () => subscriber.disconnect();
}
