import { existsSync } from 'node:fs';
import { Pool } from 'pg';
import type { Clock } from '#contracts';
import { DataLock, DataLockedError, type LogReader } from '#event-log';
import { startEmbeddedPostgres, type DatabaseLogin, type EmbeddedPostgres } from '#persistence';
import type { CliConfig } from './cli.config.js';
import { CommandFailedError } from './cli.errors.js';
import { openWholeLog } from './open-log.js';

const SILENT = { info: () => undefined, warn: () => undefined };

/**
 * Journal and database of this machine for the length of one command. A running gateway's server is used and left
 * running; without one the command holds the data's lock, starts the server and stops it again.
 */
export class Installation {
  readonly log: LogReader;
  readonly #pools: Pool[] = [];

  private constructor(
    config: CliConfig,
    clock: Clock,
    private readonly server: EmbeddedPostgres,
    private readonly lock: DataLock | null,
  ) {
    this.log = openWholeLog(config, clock);
  }

  static async open(config: CliConfig, clock: Clock): Promise<Installation> {
    assertPresent(config);
    const lock = lockUnlessRunning(config, clock);
    try {
      const server = await startEmbeddedPostgres({ dataDir: config.postgresDir, log: SILENT });
      return new Installation(config, clock, server, lock);
    } catch (error) {
      lock?.release();
      throw error;
    }
  }

  url(login: DatabaseLogin): string {
    return this.server.url(login);
  }

  /** Connections of one login, without statement timeout. */
  pool(login: DatabaseLogin): Pool {
    const pool = new Pool({ connectionString: this.url(login), max: 3, application_name: 'overture' });
    pool.on('error', () => undefined); // the query that waits is told, too
    this.#pools.push(pool);
    return pool;
  }

  async close(): Promise<void> {
    await Promise.all(this.#pools.map((pool) => pool.end()));
    await this.log.close();
    if (this.lock === null) return;
    await this.server.stop();
    this.lock.release();
  }
}

/** @throws CommandFailedError when no gateway has ever run on this folder. */
export function assertPresent({ dataDir, journalDir }: CliConfig): void {
  if (existsSync(journalDir)) return;
  throw new CommandFailedError(
    `There is no data in ${dataDir}: start the gateway once, or set OVERTURE_DATA to its folder.`,
  );
}

/** Null when a gateway runs: its server must outlive this command. */
function lockUnlessRunning({ journalDir }: CliConfig, clock: Clock): DataLock | null {
  try {
    return DataLock.acquire({ directory: journalDir, nowMs: clock.epochMs() });
  } catch (error) {
    if (error instanceof DataLockedError) return null;
    throw error;
  }
}
