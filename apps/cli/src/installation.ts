import { existsSync } from 'node:fs';
import type { Pool } from 'pg';
import type { Clock } from '#contracts';
import { DataLock, DataLockedError, type LogReader } from '#event-log';
import { DATABASE_LOGINS, startEmbeddedPostgres, type DatabaseLogin } from '#persistence';
import { MIGRATOR_URL, PROJECTOR_URL, type CliConfig, type ClusterSettings } from './cli.config.js';
import { CommandFailedError } from './cli.errors.js';
import { openWholeLog } from './open-log.js';
import { assertReachable, openPool } from './open-pool.js';

const POOL_MAX = 3;
const SILENT = { info: () => undefined, warn: () => undefined };

/** The database for the length of one command. */
interface Database {
  url(login: DatabaseLogin): string;
  /** The variable that says where it is. */
  variableOf(login: DatabaseLogin): string;
  close(): Promise<void>;
}

/** Log and database for the length of one command: of this machine, or of a cluster. */
export class Installation {
  readonly log: LogReader;
  readonly #pools: Pool[] = [];

  private constructor(
    config: CliConfig,
    clock: Clock,
    private readonly database: Database,
  ) {
    this.log = openWholeLog(config, clock);
  }

  /** @throws CommandFailedError when there is none, or settings of a cluster are missing. */
  static async open(config: CliConfig, clock: Clock): Promise<Installation> {
    const { cluster } = config;
    return new Installation(config, clock, cluster === null ? await ofThisMachine(config, clock) : ofCluster(cluster));
  }

  url(login: DatabaseLogin): string {
    return this.database.url(login);
  }

  /** Connections of one login, without statement timeout. @throws DatabaseUnreachableError */
  async pool(login: DatabaseLogin): Promise<Pool> {
    const place = { url: this.url(login), variable: this.database.variableOf(login) };
    const pool = openPool(place.url, POOL_MAX);
    this.#pools.push(pool);
    await assertReachable(pool, place);
    return pool;
  }

  async close(): Promise<void> {
    await Promise.all(this.#pools.map((pool) => pool.end()));
    await this.log.close();
    await this.database.close();
  }
}

const ofCluster = ({ migratorUrl, projectorUrl }: ClusterSettings): Database => ({
  url: (login) => (login === DATABASE_LOGINS.projector ? projectorUrl : migratorUrl).reveal(),
  variableOf: (login) => (login === DATABASE_LOGINS.projector ? PROJECTOR_URL : MIGRATOR_URL),
  close: () => Promise.resolve(),
});

/**
 * A running gateway's server is used and left running; without one the command holds the data's lock, starts the server
 * and stops it again.
 */
async function ofThisMachine(config: CliConfig, clock: Clock): Promise<Database> {
  assertPresent(config);
  const lock = lockUnlessRunning(config, clock);
  try {
    const server = await startEmbeddedPostgres({ dataDir: config.postgresDir, log: SILENT });
    return {
      url: (login) => server.url(login),
      variableOf: () => 'OVERTURE_DATA',
      close: async () => {
        if (lock === null) return;
        await server.stop();
        lock.release();
      },
    };
  } catch (error) {
    lock?.release();
    throw error;
  }
}

/** @throws CommandFailedError when no gateway has ever run on this folder. */
export function assertPresent({ dataDir, journalDir, kafka }: CliConfig): void {
  if (kafka !== null || existsSync(journalDir)) return;
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
