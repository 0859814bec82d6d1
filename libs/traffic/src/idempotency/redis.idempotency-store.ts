import type { Redis } from 'ioredis';
import type { Clock } from '#contracts';
import type { RedisLink } from '../redis/redis-link.js';
import { IdempotencyStore, type ClaimVerdict, type IdempotencyClaim } from './idempotency-store.port.js';
import { MemoryIdempotencyStore } from './memory.idempotency-store.js';

const USE = 'idempotency';
/** A gateway that died frees the names of its requests after this long; a living one renews them well before. */
const LEASE_MS = 30_000;
const RENEW_EVERY_BEATS = 8;

const CLAIM = `
  local known = redis.call('HMGET', KEYS[1], 'body', 'owner', 'answer')
  if not known[1] then
    redis.call('HSET', KEYS[1], 'body', ARGV[1], 'owner', ARGV[2])
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
    return {'claimed'}
  end
  if known[1] ~= ARGV[1] then return {'reused'} end
  if known[3] then return {'finished', known[3]} end
  return {'in_flight'}`;

/** Also where nothing is left of the claim, because Redis forgot it; never over an answer or another's claim. */
const KEEP = `
  local known = redis.call('HMGET', KEYS[1], 'owner', 'answer')
  if known[2] or (known[1] and known[1] ~= ARGV[1]) then return 0 end
  redis.call('HSET', KEYS[1], 'body', ARGV[2], 'answer', ARGV[3])
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
  return 1`;

const FORGET = `
  local known = redis.call('HMGET', KEYS[1], 'owner', 'answer')
  if known[1] == ARGV[1] and not known[2] then redis.call('DEL', KEYS[1]) end`;

const RENEW = `
  local known = redis.call('HMGET', KEYS[1], 'owner', 'answer')
  if known[1] == ARGV[1] and not known[2] then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end`;

const keyOf = ({ name }: IdempotencyClaim): string => `overture:idempotency:${name}`;

/**
 * What all gateways remember that share a Redis. Each also remembers by itself what it has answered, and asks itself
 * first: its own requests do not run twice while Redis is away, or when it has forgotten them.
 */
export class RedisIdempotencyStore extends IdempotencyStore {
  private readonly own: MemoryIdempotencyStore;
  private readonly open = new Map<string, IdempotencyClaim>();
  private beats = 0;

  constructor(
    private readonly link: RedisLink,
    clock: Clock,
    private readonly keptForMs: number,
  ) {
    super();
    this.own = new MemoryIdempotencyStore(clock, keptForMs);
    link.onBeat(() => {
      this.beats += 1;
      if (this.beats % RENEW_EVERY_BEATS === 0) link.tell((redis) => this.renew(redis));
    });
  }

  async claim(claim: IdempotencyClaim): Promise<ClaimVerdict> {
    const own = this.own.claim(claim);
    if (own.state !== 'claimed') return own;
    const verdict = (await this.link.ask(USE, (redis) => claimShared(redis, claim))) ?? own;
    if (verdict.state === 'claimed') this.open.set(claim.name, claim);
    else this.own.forget(claim);
    return verdict;
  }

  async keep(claim: IdempotencyClaim, answer: Uint8Array): Promise<void> {
    this.own.keep(claim, answer);
    const words = [claim.owner, claim.body, Buffer.from(answer).toString('base64'), this.keptForMs];
    await this.link.ask(USE, (redis) => redis.eval(KEEP, 1, keyOf(claim), ...words));
    if (this.open.get(claim.name)?.owner === claim.owner) this.open.delete(claim.name);
  }

  forget(claim: IdempotencyClaim): void {
    this.own.forget(claim);
    if (this.open.get(claim.name)?.owner === claim.owner) this.open.delete(claim.name);
    this.link.tell((redis) => redis.eval(FORGET, 1, keyOf(claim), claim.owner));
  }

  private async renew(redis: Redis): Promise<void> {
    const renewals = [...this.open.values()].map((claim) => redis.eval(RENEW, 1, keyOf(claim), claim.owner, LEASE_MS));
    await Promise.all(renewals);
  }
}

async function claimShared(redis: Redis, claim: IdempotencyClaim): Promise<ClaimVerdict> {
  const reply = await redis.eval(CLAIM, 1, keyOf(claim), claim.body, claim.owner, LEASE_MS);
  const [state, answer = ''] = reply as [ClaimVerdict['state'], string?];
  return state === 'finished' ? { state, answer: Buffer.from(answer, 'base64') } : { state };
}
