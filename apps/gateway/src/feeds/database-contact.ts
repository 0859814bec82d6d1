import type { Clock } from '#contracts';
import type { FeedSource } from './polled-feed.js';

/** The feeds ask every two seconds: so long without an answer, and some have been missed. */
const DOWN_AFTER_MS = 5_000;

/** When PostgreSQL, the authority over budgets, was last heard: the feeds ask it all the time, whatever callers do. */
export class DatabaseContact {
  private heardMs: number;

  constructor(private readonly clock: Clock) {
    this.heardMs = clock.monotonicMs();
  }

  /** The same source, each of whose answers counts. */
  heardBy(source: FeedSource): FeedSource {
    const refresh = async (): Promise<void> => {
      await source.refresh();
      this.heardMs = this.clock.monotonicMs();
    };
    return { name: source.name, refresh };
  }

  get silentMs(): number {
    return this.clock.monotonicMs() - this.heardMs;
  }

  get isUp(): boolean {
    return this.silentMs <= DOWN_AFTER_MS;
  }
}
