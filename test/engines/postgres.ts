import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, escapeIdentifier } from 'pg';
import {
  CONTROL_MIGRATIONS,
  databaseGrantsSql,
  DATABASE_LOGINS,
  migrate,
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from '#persistence';

/** Logins of a test database: the product's, and the superuser for looking behind the curtain. */
export type TestLogin = Parameters<EmbeddedPostgres['url']>[0];

/** A real server for one test file. */
export interface TestPostgres {
  readonly server: EmbeddedPostgres;
  /** A new database with all migrations in it, in some 50 ms; its connection URL per login. */
  createDatabase(): Promise<(login: TestLogin) => string>;
  /** Stops the server and removes its files. */
  stop(): Promise<void>;
}

const LOOK_EVERY_MS = 10;
const LOOKS_MAX = 200;
const SILENT = { info: () => undefined, warn: () => undefined };

/**
 * Starts PostgreSQL in a temporary directory (1 s) and migrates a template database. Call it in `beforeAll`, with the
 * migrations of every table the tests touch, and `stop()` in `afterAll`.
 */
export async function startTestPostgres(migrations = CONTROL_MIGRATIONS): Promise<TestPostgres> {
  const dataDir = await mkdtemp(join(tmpdir(), 'overture-pg-'));
  const server = await startEmbeddedPostgres({ dataDir, log: SILENT });
  await migrate(server.url(DATABASE_LOGINS.migrator), migrations);
  let created = 0;
  return {
    server,
    async createDatabase() {
      const name = `test_${++created}`;
      const copy = `create database ${escapeIdentifier(name)} template overture owner ${DATABASE_LOGINS.migrator}`;
      await runAsSuperuser(server, [copy, ...databaseGrantsSql(name)]); // grants on a database are not copied with it
      return (login) => server.url(login, name);
    },
    async stop() {
      await connectionsEnded(server);
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/**
 * A pool has ended before its connections have: one that the server's stop throws out tells its pool, and a pool
 * without a listener throws. Connections that a test has forgotten are not waited for.
 */
async function connectionsEnded(server: EmbeddedPostgres): Promise<void> {
  const client = new Client({ connectionString: server.url('postgres', 'postgres') });
  await client.connect();
  const others = `select from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()`;
  for (let looked = 0; looked < LOOKS_MAX && (await client.query(others)).rowCount !== 0; looked += 1) {
    await pause(LOOK_EVERY_MS);
  }
  await client.end();
}

async function runAsSuperuser(server: EmbeddedPostgres, statements: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: server.url('postgres', 'postgres') });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}
