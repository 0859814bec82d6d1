import { Pool } from 'pg';
import type { Clock } from '#contracts';
import { KafkaTrimmableLog, LogTrimmer, type LogReader, type TrimPass, type openArchiveStore } from '#event-log';
import { durableCursors } from '#read-models';
import type { CliConfig } from '../cli.config.js';
import { CommandFailedError } from '../cli.errors.js';

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
  private constructor(
    private readonly trimmer: LogTrimmer,
    private readonly pool: Pool,
    private readonly olderThanMs: number,
  ) {}

  /** @throws CommandFailedError where there is no topic, or the databases of its cluster are not named. */
  static open(config: CliConfig, archived: Archived, olderThanMs: number): TopicTrimming {
    const { cluster } = config;
    if (cluster === null) {
      throw new CommandFailedError(
        'Only a topic can be trimmed: set OVERTURE_KAFKA_BROKERS, or leave --trim-older-than away.',
      );
    }
    const onTrouble = (message: string): void => console.error(`Kafka: ${message}`);
    const trimmable = new KafkaTrimmableLog({ ...cluster.kafka, clientId: 'overture-cli', onTrouble });
    const pool = new Pool({ connectionString: cluster.migratorUrl.reveal(), max: 1, application_name: 'overture' });
    pool.on('error', () => undefined); // the query that waits is told, too
    return new TopicTrimming(new LogTrimmer({ ...archived, trimmable }), pool, olderThanMs);
  }

  /** Asks the tables anew how far they are. */
  async pass(signal?: AbortSignal): Promise<TrimPass> {
    const passed = await durableCursors(this.pool);
    return await this.trimmer.trim({ olderThanMs: this.olderThanMs, passed, ...(signal && { signal }) });
  }

  close(): Promise<void> {
    return this.pool.end();
  }
}
