import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { ClosedLogError, type CompactedTable, type TableRow } from '#event-log';
import { posteriorKey, serialisePosteriorRow } from '#posterior';
import { foldedPosteriors, type PublishedPosterior } from '#read-models';

/** A state that changes all the time is published this often: gateways draw by one vector for as long. */
const PUBLISH_EVERY_MS = 250;
const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 10_000;

/** What a publisher works with. */
export interface PublisherOptions {
  readonly table: CompactedTable;
  /** Connections as the projector's login. */
  readonly pool: Pool;
  readonly logger: Logger;
}

/** The tables that a projector folds, and its share of the log. */
export interface Folded {
  readonly schema: string;
  /** Number of the tables, by which readers tell a rebuild from what was there before. */
  readonly generation: number;
  readonly partitions: readonly number[];
}

/** What one fold publishes while it has its partitions. */
export interface Publication {
  /** Something was committed. */
  changed(): void;
  /** Nothing more is begun; what is under way may still arrive, as a message of an older version. */
  end(): void;
}

/**
 * Brings to everybody what the projector has committed. It reads the tables, so it cannot tell of what a rollback took
 * back, a rebuild's tables are no business of its, and changes that come faster than it publishes are published once.
 */
export class PosteriorPublisher {
  constructor(private readonly options: PublisherOptions) {}

  /** Publishes all rows of the partitions, since who had them before may have died amid it, and then what changes. */
  begin(folded: Folded): Publication {
    return new RunningPublication(this.options, folded);
  }
}

class RunningPublication implements Publication {
  readonly #options: PublisherOptions;
  readonly #schema: string;
  readonly #generation: number;
  readonly #ending = new AbortController();
  /** By partition, the version up to which everything is published. */
  #published: ReadonlyMap<number, bigint>;
  #isDue = true;
  #wake: (() => void) | undefined;
  #retryMs = 0;

  constructor(options: PublisherOptions, { schema, generation, partitions }: Folded) {
    this.#options = options;
    this.#schema = schema;
    this.#generation = generation;
    this.#published = new Map(partitions.map((partition) => [partition, 0n]));
    void this.#run(this.#ending.signal);
  }

  changed(): void {
    this.#isDue = true;
    this.#wake?.();
  }

  end(): void {
    this.#ending.abort();
    this.#wake?.();
  }

  async #run(ending: AbortSignal): Promise<void> {
    while (!ending.aborted) {
      if (!this.#isDue) await new Promise<void>((resolve) => (this.#wake = resolve));
      if (ending.aborted) return;
      this.#isDue = false;
      const pauseMs = await this.#publishOrWait();
      await sleep(pauseMs, undefined, { signal: ending }).catch(() => undefined);
    }
  }

  /** How long to wait before the next time. What could not be published is read again, with what has come since. */
  async #publishOrWait(): Promise<number> {
    try {
      await this.#publish();
      if (this.#retryMs > 0) this.#options.logger.info('posteriors are published again');
      this.#retryMs = 0;
      return PUBLISH_EVERY_MS;
    } catch (error) {
      this.#isDue = true;
      const isFirst = this.#retryMs === 0;
      this.#retryMs = isFirst ? RETRY_FIRST_MS : Math.min(this.#retryMs * 2, RETRY_MAX_MS);
      const isOver = error instanceof ClosedLogError || this.#ending.signal.aborted;
      if (isFirst && !isOver) {
        this.#options.logger.warn(
          { err: error },
          'posteriors could not be published; gateways read them in the tables',
        );
      }
      return this.#retryMs;
    }
  }

  async #publish(): Promise<void> {
    const { pool, table } = this.#options;
    const { versions, changed } = await foldedPosteriors(pool, this.#schema, this.#published);
    if (this.#ending.signal.aborted) return;
    if (changed.length > 0) await table.publish(changed.map((posterior) => rowOf(posterior, this.#generation)));
    this.#published = versions;
  }
}

const rowOf = (posterior: PublishedPosterior, generation: number): TableRow => ({
  partition: posterior.partition,
  key: posteriorKey(posterior),
  value: serialisePosteriorRow({ ...posterior, generation }),
});
