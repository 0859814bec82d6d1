import { defineConfig, MikroORM, type EntitySchema, type Options } from '@mikro-orm/postgresql';
import type { Pool } from 'pg';
import { endSilentConnections } from './end-silent-connections.js';
import { releaseDeadConnections } from './release-dead-connections.js';

/** What a process needs to open its database. */
export interface OrmOptions {
  /** Connection URL of one login; `sslmode` and the like are understood. */
  readonly url: string;
  readonly entities: readonly EntitySchema[];
  /** Connections at most. All processes together stay under the server's `max_connections`. */
  readonly poolMax: number;
  /** The server ends a statement that runs longer; 0 never does, for migrations and rebuilds. */
  readonly statementTimeoutMs: number;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName: string;
}

const CONNECT_TIMEOUT_MS = 5000;
const IDLE_TIMEOUT_MS = 30_000;
/** Linux would ask for the first time after two hours whether the other end is still there. */
const KEEP_ALIVE_MS = 10_000;
/**
 * A host that dies amid a transaction says so to nobody, and a server left to itself keeps its locks, on a budget or
 * on a cursor, for two hours. Shorter than the 30 s in which gateways go on without a word from the authority.
 */
const IDLE_IN_TRANSACTION_MS = 10_000;

/** Settings of the ORM; for `MikroOrmModule.forRoot`, or through `createOrm`. */
export function ormConfig(options: OrmOptions): Options {
  return defineConfig({
    clientUrl: options.url,
    entities: [...options.entities],
    pool: { min: 0, max: options.poolMax, idleTimeoutMillis: IDLE_TIMEOUT_MS },
    driverOptions: {
      // The driver reads the whole URL, where the ORM would drop its query (`sslmode`).
      connectionString: options.url,
      application_name: options.applicationName,
      statement_timeout: options.statementTimeoutMs,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
      onPoolCreated: (pool: Pool) => {
        releaseDeadConnections(pool);
        endSilentConnections(pool, options.statementTimeoutMs);
      },
    },
    // The tenant is set per transaction, so that a pooled connection never keeps one.
    sessionContext: 'transaction',
    discovery: { warnWhenNoEntities: false },
    // Queries carry values, and values are never logged.
    debug: false,
  });
}

/** Opens the database with one login's rights. Close it with `orm.close()`. */
export function createOrm(options: OrmOptions): Promise<MikroORM> {
  return MikroORM.init(ormConfig(options));
}
