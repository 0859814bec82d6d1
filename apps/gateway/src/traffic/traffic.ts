import { randomUUID } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Clock } from '#contracts';
import {
  MemoryAnswerCache,
  MemoryIdempotencyStore,
  MemoryRateLimiter,
  RedisAnswerCache,
  RedisIdempotencyStore,
  RedisLink,
  hearKeyChanges,
  RedisRateLimiter,
  type AnswerCache,
  type IdempotencyStore,
} from '#traffic';
import type { GatewayConfig } from '../config/gateway.config.js';
import { PostgresLimitSource } from '../feeds/postgres.limit-source.js';
import { TrafficMetrics } from '../metrics/traffic-metrics.js';
import { LimitGate } from './limit-gate.js';
import { shareOfLimits } from './share-of-limits.js';

/** What rate limits and kept answers stand on. */
export interface TrafficSetting {
  readonly config: GatewayConfig;
  readonly em: EntityManager;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly registry: Registry;
}

/** Everything that gateways share through Redis, or that each has for itself where there is none. */
export class Traffic {
  readonly metrics: TrafficMetrics;
  /** Null in a deployment without Redis. */
  readonly link: RedisLink | null;
  readonly limitSource: PostgresLimitSource;
  readonly limits: LimitGate;
  readonly idempotency: IdempotencyStore;
  /** Null where nothing is cached. */
  readonly cache: AnswerCache | null;
  private stopHearing: () => void = () => undefined;

  constructor({ config, em, clock, logger, registry }: TrafficSetting) {
    const { redisUrl, workers } = config.environment;
    const metrics = new TrafficMetrics(registry);
    this.metrics = metrics;
    this.link =
      redisUrl === null
        ? null
        : new RedisLink(redisUrl, {
            replicaId: randomUUID(),
            replicasAtLeast: workers,
            onChange: (isUp) => tell(logger, isUp),
            onDegraded: (use) => metrics.decidedWithoutRedis(use),
          });
    const limits = this.link === null ? shareOfLimits(config.limits, workers) : config.limits;
    this.limitSource = new PostgresLimitSource(em.fork(), limits);
    const limiter = this.link === null ? new MemoryRateLimiter() : new RedisRateLimiter(this.link);
    this.limits = new LimitGate(limiter, this.limitSource, clock, metrics);
    this.idempotency =
      this.link === null
        ? new MemoryIdempotencyStore(clock, config.idempotencyKeptForMs)
        : new RedisIdempotencyStore(this.link, clock, config.idempotencyKeptForMs);
    this.cache = config.cache === null ? null : this.openCache(clock, config.cache.ttlSeconds * 1_000);
  }

  private openCache(clock: Clock, keptForMs: number): AnswerCache {
    return this.link === null ? new MemoryAnswerCache(clock, keptForMs) : new RedisAnswerCache(this.link, keptForMs);
  }

  /** Never fails: what Redis is for goes on without it. */
  async start({ onKeyChange }: { readonly onKeyChange: () => void }): Promise<void> {
    if (this.link === null) return;
    this.stopHearing = hearKeyChanges(this.link, onKeyChange);
    await this.link.start();
  }

  async close(): Promise<void> {
    this.stopHearing();
    await this.link?.close();
  }
}

function tell(logger: Logger, isUp: boolean): void {
  if (isUp) logger.info('Redis answers');
  else logger.warn('Redis does not answer; limits and kept answers are those of this gateway alone until it does');
}
