import { Migration } from '@mikro-orm/migrations';
import type { MikroORM } from '@mikro-orm/postgresql';
import { startTestPostgres, type TestLogin, type TestPostgres } from '../../../../test/engines/postgres.js';
import { createOrm } from '../orm/create-orm.js';
import { assertSchemaCurrent } from './assert-schema-current.js';
import { CONTROL_MIGRATIONS } from './control.registry.js';
import { migrate } from './migrate.js';

class AddShelf extends Migration {
  override up(): void {
    this.addSql('create table control.shelf (id int primary key)');
  }
}
class AddBroken extends Migration {
  override up(): void {
    this.addSql('create table control.shelf (id int primary key)');
  }
}
const SHELF = { name: '2099-01-01-shelf', class: AddShelf };
const BROKEN = { name: '2099-01-02-broken', class: AddBroken };

describe('migrations', () => {
  let postgres: TestPostgres;
  let url: (login: TestLogin) => string;
  let gateway: MikroORM;

  beforeAll(async () => void (postgres = await startTestPostgres()));
  beforeEach(async () => {
    url = await postgres.createDatabase();
    const options = { entities: [], poolMax: 1, statementTimeoutMs: 10_000, applicationName: 'spec' };
    gateway = await createOrm({ ...options, url: url('overture_gateway') });
  });
  afterEach(() => gateway.close());
  afterAll(() => postgres.stop());

  const tablesOf = async (): Promise<string[]> => {
    const rows = await gateway.em.execute<{ name: string }[]>(
      `select tablename as name from pg_tables where schemaname = 'control' and tablename = 'shelf'`,
    );
    return rows.map(({ name }) => name);
  };

  it('run once, however many processes try at the same time', async () => {
    const list = [...CONTROL_MIGRATIONS, SHELF];
    const ran = await Promise.all([1, 2, 3].map(() => migrate(url('overture_migrator'), list)));
    expect(ran.flat()).toEqual([SHELF.name]);
    expect(await tablesOf()).toEqual(['shelf']);
  });

  it('run all or none', async () => {
    const list = [...CONTROL_MIGRATIONS, SHELF, BROKEN];
    await expect(migrate(url('overture_migrator'), list)).rejects.toThrow('already exists');
    expect(await tablesOf()).toEqual([]);
    await expect(assertSchemaCurrent(gateway.em, list)).rejects.toThrow(SHELF.name);
  });

  it('that are missing keep a release from serving', async () => {
    await expect(assertSchemaCurrent(gateway.em, [...CONTROL_MIGRATIONS, SHELF, BROKEN])).rejects.toThrow(
      'The database schema lacks 2099-01-01-shelf, 2099-01-02-broken: run "overture migrate", then start again.',
    );
  });

  it('of a newer release do not keep the one before from serving', async () => {
    await migrate(url('overture_migrator'), [...CONTROL_MIGRATIONS, SHELF]);
    await expect(assertSchemaCurrent(gateway.em, CONTROL_MIGRATIONS)).resolves.toBeUndefined();
  });

  it('are all missing from a database that was only just made', async () => {
    const empty = await createOrm({
      url: postgres.server.url('overture_gateway', 'postgres'),
      entities: [],
      poolMax: 1,
      statementTimeoutMs: 10_000,
      applicationName: 'spec',
    });
    await expect(assertSchemaCurrent(empty.em, CONTROL_MIGRATIONS)).rejects.toThrow('2026-11-21-control-tables');
    await empty.close();
  });
});
