import type { Pool } from 'pg';
import type { Clock } from '#contracts';
import { KafkaTrimmableLog, LogTrimmer, type LogReader, type TrimPass, type openArchiveStore } from '#event-log';
import { durableCursors } from '#read-models';
import { MIGRATOR_URL, type CliConfig } from '../cli.config.js';
import { CommandFailedError } from '../cli.errors.js';
import { assertReachable, openPool } from '../open-pool.js';
import { troubleTeller } from '../reports/tell-trouble.js';

const UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** An age like `7d`, `12h`, `30m` or `90s`, in milliseconds. @throws CommandFailedError */
export function parseAge(text: string): number {
  const [, count, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  const unitMs = UNITS_MS[unit ?? ''];
  if (unitMs !== undefined) return Number(count) * unitMs;
  throw new CommandFailedError(`"${text}" is not an age: say 7d, 12h, 30m or 90s.`);
}

interface Archived {
  readonly log: LogReader;
  readonly store: ReturnType<typeof openArchiveStore>;
  readonly clock: Clock;
}

/** Drops from the topic what the archive has, the tables show and nobody is promised any more. */
export class TopicTrimming {
  private readonly pool: Pool;

  private constructor(
    private readonly trimmer: LogTrimmer,
    private readonly url: string,
    private readonly olderThanMs: number,
  ) {
    this.pool = openPool(url, 1);
  }

  /** @throws CommandFailedError where there is no topic, or the databases of its cluster are not named. */
  static open(config: CliConfig, archived: Archived, olderThanMs: number): TopicTrimming {
    const { cluster } = config;
    if (cluster === null) {
      throw new CommandFailedError(
        'Only a topic can be trimmed: set OVERTURE_KAFKA_BROKERS, or leave --trim-older-than away.',
      );
    }
    const onTrouble = troubleTeller();
    const trimmable = new KafkaTrimmableLog({ ...cluster.kafka, clientId: 'overture-cli', onTrouble });
    const trimmer = new LogTrimmer({ ...archived, trimmable });
    return new TopicTrimming(trimmer, cluster.migratorUrl.reveal(), olderThanMs);
  }

  /** Asks the tables anew how far they are. @throws DatabaseUnreachableError */
  async pass(signal?: AbortSignal): Promise<TrimPass> {
    await assertReachable(this.pool, { url: this.url, variable: MIGRATOR_URL });
    const passed = await durableCursors(this.pool);
    return await this.trimmer.trim({ olderThanMs: this.olderThanMs, passed, ...(signal && { signal }) });
  }

  close(): Promise<void> {
    return this.pool.end();
  }
}
