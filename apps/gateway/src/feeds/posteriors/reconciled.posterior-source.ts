import type { Clock } from '#contracts';
import type { FeedSource } from '../polled-feed.js';

/** While the topic is heard the tables are read this seldom, for what a projector could not publish. */
const RECONCILE_EVERY_MS = 15_000;

interface Reconciling {
  readonly tables: FeedSource;
  readonly topic: { readonly isHearing: boolean };
  readonly known: { readonly isReplaced: boolean };
  readonly clock: Clock;
}

/** The tables at the start, whenever the topic is silent or tells of other ones, and now and then. */
export class ReconciledPosteriorSource implements FeedSource {
  readonly name = 'posteriors';
  private readMs = -Infinity;

  constructor(private readonly options: Reconciling) {}

  async refresh(): Promise<void> {
    const { tables, topic, known, clock } = this.options;
    const nowMs = clock.monotonicMs();
    if (topic.isHearing && !known.isReplaced && nowMs - this.readMs < RECONCILE_EVERY_MS) return;
    await tables.refresh();
    this.readMs = nowMs;
  }
}
