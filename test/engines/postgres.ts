import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
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
