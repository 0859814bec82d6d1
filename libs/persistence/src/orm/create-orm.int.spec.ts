import type { MikroORM } from '@mikro-orm/postgresql';
import { startTestPostgres, type TestPostgres } from '../../../../test/engines/postgres.js';
import { createOrm } from './create-orm.js';

describe('a transaction whose process or connection is gone', () => {
  let postgres: TestPostgres;
  let orm: MikroORM;
  beforeAll(async () => {
    postgres = await startTestPostgres();
    orm = await createOrm({
      url: (await postgres.createDatabase())('overture_gateway'),
      entities: [],
      poolMax: 1,
      statementTimeoutMs: 10_000,
      applicationName: 'dying',
    });
  });
  afterAll(async () => {
    await orm.close();
    await postgres.stop();
  });

  it('is ended by the server in ten seconds, whatever its own settings are', async () => {
    const setting = orm.em.execute(
      `select setting, unit, source from pg_settings where name = 'idle_in_transaction_session_timeout'`,
    );
    expect(await setting).toEqual([{ setting: '10000', unit: 'ms', source: 'client' }]);
  });

  it('leaves the pool when its connection ends, and the pool goes on and can be closed', async () => {
    const killed = orm.em
      .fork()
      .transactional((em) =>
        em
          .getConnection()
          .execute('select pg_terminate_backend(pg_backend_pid())', [], 'all', em.getTransactionContext()),
      );
    await expect(killed).rejects.toThrow();

    await expect(orm.em.fork().getConnection().execute('select 1 as one')).resolves.toEqual([{ one: 1 }]);
  });
});
