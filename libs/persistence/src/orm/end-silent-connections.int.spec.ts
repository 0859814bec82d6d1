import type { MikroORM } from '@mikro-orm/postgresql';
import { FaultyProxy } from '../../../../test/engines/faulty-proxy.js';
import { startTestPostgres, type TestPostgres } from '../../../../test/engines/postgres.js';
import { createOrm } from './create-orm.js';

describe('connections that the network has forgotten', () => {
  let postgres: TestPostgres;
  let proxy: FaultyProxy;
  let orm: MikroORM;
  beforeAll(async () => {
    postgres = await startTestPostgres();
    const url = (await postgres.createDatabase())('overture_gateway');
    const [place = '', folder = '', port = ''] = /@([^/:]+):(\d+)/.exec(url) ?? [];
    proxy = await FaultyProxy.start({ target: `${decodeURIComponent(folder)}/.s.PGSQL.${port}` });
    orm = await createOrm({
      url: url.replace(place, `@${proxy.address}`),
      entities: [],
      poolMax: 1,
      statementTimeoutMs: 500,
      applicationName: 'forgotten',
    });
  });
  afterAll(async () => {
    await orm.close();
    await proxy.close();
    await postgres.stop();
  });

  const one = (): Promise<unknown> => orm.em.fork().getConnection().execute('select 1 as one');
  const forgotten = { statement: one, transaction: () => orm.em.fork().transactional((em) => em.execute('select 1')) };

  it.each(['statement', 'transaction'] as const)('let go of a %s that waits, and the pool goes on', async (what) => {
    await one();
    proxy.blackhole();
    const waiting = forgotten[what]();
    while (proxy.counts.held === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    proxy.forget();
    proxy.heal();

    await expect(waiting).rejects.toThrow();

    await expect(one()).resolves.toEqual([{ one: 1 }]);
  });
});
