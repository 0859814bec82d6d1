import type { Logger } from 'pino';

/** Something in memory that follows the database. */
export interface FeedSource {
  readonly name: string;
  /** Reads what is new and applies it. */
  refresh(): Promise<void>;
}

/**
 * Refreshes a source at a steady pace, one refresh at a time. A failing database is logged once per outage: what is in
 * memory goes on serving until it is back.
 */
export class PolledFeed {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private failing = false;
  private closed = false;
  private isRefreshing = false;
  private again = false;

  constructor(
    private readonly source: FeedSource,
    private readonly everyMs: number,
    private readonly logger: Logger,
  ) {}

  /** The first refresh must succeed; the others follow by themselves. */
  async start(): Promise<void> {
    await this.source.refresh();
    this.schedule();
  }

  /** Refreshes without waiting for its time; once more where a refresh is under way, which may have read too early. */
  refreshNow(): void {
    clearTimeout(this.timer);
    if (this.isRefreshing) this.again = true;
    else this.running = this.refreshUntilFresh();
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private schedule(): void {
    if (this.closed) return;
    this.timer = setTimeout(() => {
      this.running = this.refreshUntilFresh();
    }, this.everyMs).unref();
  }

  private async refreshUntilFresh(): Promise<void> {
    this.isRefreshing = true;
    do {
      this.again = false;
      await this.refreshOnce();
    } while (this.again);
    this.isRefreshing = false;
    this.schedule();
  }

  private async refreshOnce(): Promise<void> {
    if (this.closed) return;
    try {
      await this.source.refresh();
      if (this.failing) this.logger.info({ feed: this.source.name }, 'feed is fresh again');
      this.failing = false;
    } catch (error) {
      if (!this.failing)
        this.logger.error(
          { err: error, feed: this.source.name },
          'feed cannot be refreshed; going on with what is known',
        );
      this.failing = true;
    }
  }
}
