import type { EntityManager } from '@mikro-orm/postgresql';
import type { Logger } from 'pino';
import type { Clock } from '#contracts';
import type { CompactedTable } from '#event-log';
import type { PosteriorView } from '#routing';
import { PolledFeed } from '../polled-feed.js';
import { KnownPosteriors } from './known-posteriors.js';
import { PosteriorFollower } from './posterior-follower.js';
import { PostgresPosteriorSource } from './postgres.posterior-source.js';
import { ReconciledPosteriorSource } from './reconciled.posterior-source.js';

/** One routing epoch: learning faster than vectors are computed would change nothing. */
const POLL_MS = 250;
/** Where a topic tells what is new, the tables are for the time without it. */
const FALLBACK_POLL_MS = 2_000;

interface PosteriorFeedOptions {
  readonly em: EntityManager;
  readonly posteriors: PosteriorView;
  /** Null on one machine, where the tables are all there is. */
  readonly posteriorTable: CompactedTable | null;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Keeps the posteriors in memory up to date: by the topic in a cluster, by the tables otherwise. */
export class PosteriorFeed {
  private readonly polled: PolledFeed;
  private readonly follower: PosteriorFollower | null = null;

  constructor({ em, posteriors, posteriorTable, clock, logger }: PosteriorFeedOptions) {
    const known = new KnownPosteriors(posteriors, logger);
    const tables = new PostgresPosteriorSource(em.fork(), known);
    if (posteriorTable === null) {
      this.polled = new PolledFeed(tables, POLL_MS, logger);
      return;
    }
    this.follower = new PosteriorFollower({ table: posteriorTable.follow(), known, clock, logger });
    const reconciled = new ReconciledPosteriorSource({ tables, topic: this.follower, known, clock });
    this.polled = new PolledFeed(reconciled, FALLBACK_POLL_MS, logger);
  }

  /** Whether news come by the topic; null where there is none. */
  get isFollowingTopic(): boolean | null {
    return this.follower?.isHearing ?? null;
  }

  /** Reads the tables, which must succeed; then follows. */
  async start(): Promise<void> {
    await this.polled.start();
    this.follower?.start();
  }

  async close(): Promise<void> {
    await this.follower?.close();
    await this.polled.close();
  }
}
