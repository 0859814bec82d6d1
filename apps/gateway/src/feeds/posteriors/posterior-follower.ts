import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Clock } from '#contracts';
import { ClosedLogError, type TableFollower } from '#event-log';
import type { KnownPosteriors } from './known-posteriors.js';

/** Twice as long as those who keep the table take to say that there is nothing. */
const SILENT_AFTER_MS = 2_000;
const RETRY_MS = 500;

interface FollowerOptions {
  readonly table: TableFollower;
  readonly known: KnownPosteriors;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Follows the topic of posteriors for as long as the gateway runs, and says whether it hears anything. */
export class PosteriorFollower {
  private running: Promise<void> = Promise.resolve();
  private heardMs = -Infinity;
  private isAway = false;
  private readonly closing = new AbortController();

  constructor(private readonly options: FollowerOptions) {}

  start(): void {
    this.running = this.run();
  }

  /** Whether those who keep the topic have answered lately. */
  get isHearing(): boolean {
    return this.options.clock.monotonicMs() - this.heardMs < SILENT_AFTER_MS;
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.options.table.close();
    await this.running;
  }

  private async run(): Promise<void> {
    const { table, known, clock } = this.options;
    while (!this.closing.signal.aborted) {
      try {
        const entries = await table.next();
        this.heardMs = clock.monotonicMs();
        if (entries.length > 0) known.takeMessages(entries.map(({ value }) => value));
        this.noteAway(false);
      } catch (error) {
        if (error instanceof ClosedLogError) return;
        this.heardMs = -Infinity;
        this.noteAway(true, error);
        await sleep(RETRY_MS, undefined, { signal: this.closing.signal }).catch(() => undefined);
      }
    }
  }

  /** One line when it goes and one when it is back. */
  private noteAway(isAway: boolean, error?: unknown): void {
    if (isAway === this.isAway) return;
    this.isAway = isAway;
    const { logger } = this.options;
    if (isAway) logger.warn({ err: error }, 'the topic of posteriors cannot be read; asking the database instead');
    else logger.info('the topic of posteriors is followed again');
  }
}
