import { Pool } from 'pg';
import { DATABASE_LOGINS } from '#persistence';
import type { TestPostgres } from '../../../../test/engines/postgres.js';
import { ReadDatabase, startReadPostgres } from '../__fixtures__/read-database.js';
import { factsOf } from '../__fixtures__/sample-facts.js';
import { durableCursors } from './durable-cursors.query.js';

describe('cursors that no crash takes back', () => {
  let postgres: TestPostgres;
  let database: ReadDatabase;
  let pool: Pool;

  beforeAll(async () => {
    postgres = await startReadPostgres();
    database = await ReadDatabase.create(postgres);
    pool = new Pool({ connectionString: database.url(DATABASE_LOGINS.migrator), max: 1 });
  });
  afterAll(async () => {
    await pool.end();
    await database.close();
    await postgres.stop();
  });

  it('are where the folds are, and the disk has what they stand on', async () => {
    const sample = { tenant: 'acme-prod', attempts: [], state: 'settled', amount: 1n } as const;
    database.append([1, 2, 3].flatMap((number) => factsOf({ ...sample, number })));
    await database.foldAll();
    const [{ written }] = (await database.query('postgres', 'select pg_current_wal_insert_lsn() as written')) as [
      { written: string },
    ];
    const cursors = await durableCursors(pool);

    expect([...cursors.values()].filter((next) => next > 0n)).toEqual([6n]);
    const [{ durable }] = (await database.query(
      'postgres',
      `select pg_current_wal_flush_lsn() >= '${written}'::pg_lsn as durable`,
    )) as [{ durable: boolean }];
    expect(durable).toBe(true);
  });
});
