import type { LimitDemand, LimitVerdict } from './rate-limit.js';

/** Counts what passes, for this gateway or for all of them. */
export abstract class RateLimiter {
  /** Takes of every limit, or of none. Never rejects: where nobody can be asked, a bound of one's own decides. */
  abstract take(demand: LimitDemand): LimitVerdict | Promise<LimitVerdict>;
  /**
   * A request that passed is over: its place is free, and its minute has what was really used; null leaves what was
   * taken. Once per demand.
   */
  abstract settle(demand: LimitDemand, tokensUsed: number | null): void;
}
