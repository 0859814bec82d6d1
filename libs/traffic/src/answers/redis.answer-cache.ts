import type { RedisLink } from '../redis/redis-link.js';
import { AnswerCache } from './answer-cache.port.js';

const USE = 'cache';
/** What Redis says for nothing, so that it is told from an outage. */
const NOTHING = '';

const keyOf = (name: string): string => `overture:answer:${name}`;

/** Answers that all gateways share; none while Redis is away. */
export class RedisAnswerCache extends AnswerCache {
  constructor(
    private readonly link: RedisLink,
    private readonly keptForMs: number,
  ) {
    super();
  }

  async find(name: string): Promise<Uint8Array | null> {
    const text = await this.link.ask(USE, async (redis) => (await redis.get(keyOf(name))) ?? NOTHING);
    return text === null || text === NOTHING ? null : Buffer.from(text, 'base64');
  }

  put(name: string, answer: Uint8Array): void {
    const text = Buffer.from(answer).toString('base64');
    this.link.tell((redis) => redis.set(keyOf(name), text, 'PX', this.keptForMs));
  }
}
