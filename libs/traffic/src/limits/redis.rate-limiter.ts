import type { Redis } from 'ioredis';
import type { RedisLink } from '../redis/redis-link.js';
import { MemoryRateLimiter } from './memory.rate-limiter.js';
import {
  amountOf,
  limitsOf,
  minuteOf,
  type LimitDemand,
  type LimitKind,
  type LimitVerdict,
  type LimitedAccount,
} from './rate-limit.js';
import { RateLimiter } from './rate-limiter.port.js';
import { RedisPlaces } from './redis-places.js';
import { RedisWindows } from './redis-windows.js';

const USE = 'limits';
const RENEW_EVERY_BEATS = 4;

/**
 * Counts for all gateways that share a Redis. Each also counts for itself: alone it never passes more than the limit,
 * whatever Redis has forgotten, and while Redis is away its bound is its share, the limit by the gateways last seen.
 */
export class RedisRateLimiter extends RateLimiter {
  private readonly own = new MemoryRateLimiter();
  private readonly places = new RedisPlaces();
  private windows: RedisWindows | undefined;
  /** What Redis has counted, and so what it is told when it is over. */
  private readonly shared = new WeakSet<LimitDemand>();
  private beats = 0;

  constructor(private readonly link: RedisLink) {
    super();
    link.onBeat(() => {
      this.beats += 1;
      if (this.beats % RENEW_EVERY_BEATS === 0) link.tell((redis) => this.places.renew(redis));
    });
  }

  async take(demand: LimitDemand): Promise<LimitVerdict> {
    const own = this.own.take(demand);
    if (own.refusal !== null) return own;
    const question: Question = { demand, isLate: false };
    let verdict = await this.link.ask(USE, (redis) => this.takeOfAll(redis, question));
    if (verdict === null) {
      question.isLate = true;
      verdict = this.own.within(demand, 1 / this.link.replicas);
    }
    if (verdict.refusal !== null) this.own.undo(demand);
    return verdict;
  }

  settle(demand: LimitDemand, tokensUsed: number | null): void {
    this.own.settle(demand, tokensUsed);
    if (!this.shared.delete(demand)) return;
    const changes = stepsOf(demand).map((step) =>
      step.kind === 'tokens' ? { ...step, amount: tokensUsed === null ? 0 : step.amount - tokensUsed } : step,
    );
    this.giveBack(changes.filter(({ kind, amount }) => kind === 'concurrent' || (kind === 'tokens' && amount !== 0)));
  }

  /** Everything is asked at once, in one round trip; what was taken goes back if anything refuses. */
  private async takeOfAll(redis: Redis, question: Question): Promise<LimitVerdict> {
    const { demand } = question;
    const answers = await Promise.all(
      stepsOf(demand).map(async (step) => {
        const { account, kind, limit, amount, window } = step;
        const { taken, remaining } =
          kind === 'concurrent'
            ? await this.places.take(redis, step, limit)
            : await this.windowsOf(redis).take(window, amount, limit);
        return { step, taken, reading: { kind, rule: account.rule, limit, remaining } };
      }),
    );
    const taken = answers.filter((answer) => answer.taken).map(({ step }) => step);
    const refused = answers.find((answer) => !answer.taken);
    // Whoever asked has decided without this answer, and counts for itself.
    if (refused !== undefined || question.isLate) this.giveBack(taken);
    else this.remember(demand, taken);
    return { refusal: refused?.reading ?? null, readings: answers.map(({ reading }) => reading) };
  }

  private remember(demand: LimitDemand, taken: readonly Step[]): void {
    this.shared.add(demand);
    for (const step of taken) if (step.kind === 'concurrent') this.places.hold(step);
  }

  /** Where Redis is away, windows end and leases run out by themselves. */
  private giveBack(steps: readonly Step[]): void {
    for (const step of steps) if (step.kind === 'concurrent') this.places.letGo(step);
    this.link.tell((redis) =>
      Promise.all(
        steps.map((step) =>
          step.kind === 'concurrent'
            ? this.places.free(redis, step)
            : this.windowsOf(redis).correct(step.window, -step.amount),
        ),
      ),
    );
  }

  private windowsOf(redis: Redis): RedisWindows {
    return (this.windows ??= new RedisWindows(redis));
  }
}

/** One round of questions. */
interface Question {
  readonly demand: LimitDemand;
  isLate: boolean;
}

/** One limit of one demand, and where Redis has it. */
interface Step {
  readonly account: LimitedAccount;
  readonly kind: LimitKind;
  readonly limit: number;
  readonly amount: number;
  readonly requestId: string;
  readonly window: string;
}

const stepsOf = (demand: LimitDemand): Step[] =>
  limitsOf(demand).map(({ account, kind, limit }) => ({
    account,
    kind,
    limit,
    amount: amountOf(demand, kind, limit),
    requestId: demand.requestId,
    window: `overture:limit:${account.name}:${kind}:${minuteOf(demand.epochMs)}`,
  }));
