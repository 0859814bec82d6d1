import type { MikroORM } from '@mikro-orm/postgresql';
import { startTestPostgres, type TestPostgres } from '../../../../test/engines/postgres.js';
import { createOrm } from './create-orm.js';

describe('connections that end while a transaction holds them', () => {
  let postgres: TestPostgres;
  let orm: MikroORM;
  beforeAll(async () => {
    postgres = await startTestPostgres();
    orm = await createOrm({
      url: (await postgres.createDatabase())('overture_gateway'),
      entities: [],
      poolMax: 1,
      statementTimeoutMs: 0,
      applicationName: 'dying',
    });
  });
  afterAll(async () => {
    await orm.close();
    await postgres.stop();
  });

  it('leave the pool, which goes on and can be closed', async () => {
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
