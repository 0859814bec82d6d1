import { RateLimiter } from './rate-limiter.port.js';
import { amountOf, limitsOf, minuteOf, type LimitDemand, type LimitReading, type LimitVerdict } from './rate-limit.js';

/** Counts for this process alone. Of the minutes it knows the running one only. */
export class MemoryRateLimiter extends RateLimiter {
  private minute = -1;
  private readonly inMinute = new Map<string, number>();
  private readonly open = new Map<string, number>();

  take(demand: LimitDemand): LimitVerdict {
    this.turnTo(demand);
    const readings: LimitReading[] = [];
    for (const { account, kind, limit } of limitsOf(demand)) {
      const after = this.countOf(account.name, kind) + amountOf(demand, kind, limit);
      const reading = { kind, rule: account.rule, limit, remaining: Math.max(0, limit - after) };
      if (after > limit) return { refusal: { ...reading, remaining: this.left(account.name, reading) }, readings };
      readings.push(reading);
    }
    this.change(demand, 1);
    return { refusal: null, readings };
  }

  settle(demand: LimitDemand, tokensUsed: number | null): void {
    for (const { account, kind, limit } of limitsOf(demand)) {
      if (kind === 'concurrent') this.add(this.open, account.name, -1);
      if (kind !== 'tokens' || tokensUsed === null || minuteOf(demand.epochMs) !== this.minute) continue;
      this.add(this.inMinute, keyOf(account.name, kind), tokensUsed - amountOf(demand, kind, limit));
    }
  }

  /** Forgets a demand as if it had never come. */
  undo(demand: LimitDemand): void {
    this.change(demand, -1);
  }

  /** How a demand that has been counted stands against a share of the limits, at least one request of each. */
  within(demand: LimitDemand, share: number): LimitVerdict {
    const readings = limitsOf(demand).map(({ account, kind, limit }) => {
      const least = kind === 'tokens' ? 0 : 1;
      const own = Math.max(least, Math.floor(limit * share));
      const count = this.countOf(account.name, kind);
      const amount = amountOf(demand, kind, limit);
      // What is more than the share of a whole minute passes alone, as it does where there is no share.
      const isFirst = kind === 'tokens' && count === amount;
      const passes = count <= own || isFirst;
      return { passes, reading: { kind, rule: account.rule, limit: own, remaining: Math.max(0, own - count) } };
    });
    const refused = readings.find(({ passes }) => !passes);
    return { refusal: refused?.reading ?? null, readings: readings.map(({ reading }) => reading) };
  }

  private left(account: string, { kind, limit }: LimitReading): number {
    return Math.max(0, limit - this.countOf(account, kind));
  }

  private countOf(account: string, kind: LimitReading['kind']): number {
    return (kind === 'concurrent' ? this.open.get(account) : this.inMinute.get(keyOf(account, kind))) ?? 0;
  }

  private change(demand: LimitDemand, sign: 1 | -1): void {
    for (const { account, kind, limit } of limitsOf(demand)) {
      const amount = sign * amountOf(demand, kind, limit);
      if (kind === 'concurrent') this.add(this.open, account.name, amount);
      else if (minuteOf(demand.epochMs) === this.minute) this.add(this.inMinute, keyOf(account.name, kind), amount);
    }
  }

  private add(counts: Map<string, number>, name: string, amount: number): void {
    const count = (counts.get(name) ?? 0) + amount;
    if (count > 0) counts.set(name, count);
    else counts.delete(name);
  }

  /** A clock that was set back begins a minute, too: it must not stand still. */
  private turnTo({ epochMs }: LimitDemand): void {
    const minute = minuteOf(epochMs);
    if (minute === this.minute) return;
    this.minute = minute;
    this.inMinute.clear();
  }
}

const keyOf = (account: string, kind: string): string => `${kind} ${account}`;
