import { Counter, type Registry } from 'prom-client';
import type { AnswerReused } from '#contracts';
import type { LimitKind } from '#traffic';

/** What rate limits, idempotency keys and the cache do, and how often without Redis. */
export class TrafficMetrics {
  private readonly limitedRequests: Counter<'limit'>;
  private readonly degraded: Counter<'use'>;
  private readonly reusedAnswers: Counter<'reason'>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.limitedRequests = new Counter({
      name: 'overture_rate_limited_total',
      help: 'Requests that a configured limit refused, by what it counts.',
      labelNames: ['limit'],
      registers,
    });
    this.reusedAnswers = new Counter({
      name: 'overture_answers_reused_total',
      help: 'Requests that got the answer of another one, by why.',
      labelNames: ['reason'],
      registers,
    });
    this.degraded = new Counter({
      name: 'overture_redis_degraded_total',
      help: 'Decisions made without Redis although one is configured, by what they were for.',
      labelNames: ['use'],
      registers,
    });
  }

  reused(reason: AnswerReused['reason']): void {
    this.reusedAnswers.labels(reason).inc();
  }

  limited(limit: LimitKind): void {
    this.limitedRequests.labels(limit).inc();
  }

  decidedWithoutRedis(use: string): void {
    this.degraded.labels(use).inc();
  }
}
