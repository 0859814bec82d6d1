import type { Clock } from '#contracts';

/** A projector that has nothing to fold looks several times a second: so long without a look, and something is away. */
const STILL_AFTER_MS = 60_000;

/** What a projector has done, for whoever watches it. */
export class ProjectorStatus {
  /** That it folds now. */
  partitions = 0;
  /** Folded since the start. */
  events = 0;
  /** Times that the fold was interrupted since the start. */
  interruptions = 0;
  private progressMs: number;

  constructor(private readonly clock: Clock) {
    this.progressMs = clock.monotonicMs();
  }

  /** It has committed something, or has seen that nothing is behind. */
  progressed(events = 0): void {
    this.events += events;
    this.progressMs = this.clock.monotonicMs();
  }

  /** Since it last got on, or saw that there was nothing to do. */
  get stillSeconds(): number {
    return (this.clock.monotonicMs() - this.progressMs) / 1000;
  }

  /** In words; null while all is well. */
  get problem(): string | null {
    const { stillSeconds } = this;
    if (stillSeconds * 1000 <= STILL_AFTER_MS) return null;
    return `nothing was folded or looked for in ${Math.floor(stillSeconds)} s: see its log for what it waits for`;
  }
}
