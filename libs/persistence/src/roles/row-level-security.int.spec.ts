import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { findIsolationGaps } from '../../../../test/engines/isolation-gaps.js';
import { startTestPostgres, type TestLogin, type TestPostgres } from '../../../../test/engines/postgres.js';
import { createOrm } from '../orm/create-orm.js';
import { withTenant } from '../orm/with-tenant.js';
import { grantSql, rowLevelSecuritySql } from './row-level-security.js';

const PRIVILEGES = ['select', 'insert', 'update', 'delete'] as const;

describe('row-level security', () => {
  let postgres: TestPostgres;
  let url: (login: TestLogin) => string;
  const orms: MikroORM[] = [];

  const open = async (login: TestLogin): Promise<EntityManager> => {
    const orm = await createOrm({
      url: url(login),
      entities: [],
      poolMax: 2,
      statementTimeoutMs: 10_000,
      applicationName: 'spec',
    });
    orms.push(orm);
    return orm.em;
  };
  /** A table as a read model would make it: the projector writes for all tenants, the gateway reads for one. */
  const makeNotes = async (): Promise<void> => {
    const owner = await open('overture_migrator');
    for (const statement of [
      'create schema notebook',
      'grant usage on schema notebook to overture_gateway, overture_projector',
      'create table notebook.note (id int primary key, tenant_id text not null, text text not null)',
      ...rowLevelSecuritySql({ schema: 'notebook', table: 'note', everyTenant: { overture_projector: 'all' } }),
      grantSql({ schema: 'notebook', table: 'note', login: 'overture_projector', privileges: PRIVILEGES }),
      grantSql({ schema: 'notebook', table: 'note', login: 'overture_gateway', privileges: PRIVILEGES }),
    ]) {
      await owner.execute(statement);
    }
    const projector = await open('overture_projector');
    await projector.execute(`insert into notebook.note values (1, 'a', 'of a'), (2, 'b', 'of b')`);
  };
  const textsOf = async (em: EntityManager): Promise<string[]> =>
    (await em.execute<{ text: string }[]>('select text from notebook.note order by id')).map(({ text }) => text);

  beforeAll(async () => void (postgres = await startTestPostgres()));
  beforeEach(async () => {
    url = await postgres.createDatabase();
    await makeNotes();
  });
  afterEach(async () => void (await Promise.all(orms.splice(0).map((orm) => orm.close()))));
  afterAll(() => postgres.stop());

  it('shuts every table that has tenants', async () => {
    expect(await findIsolationGaps(url('postgres'))).toEqual([]);
  });

  it('has a search for gaps that finds them', async () => {
    const owner = await open('overture_migrator');
    await owner.execute(`create table notebook.open (tenant_id text)`);
    await owner.execute('alter table notebook.note no force row level security');
    await owner.execute('create policy mistake on notebook.note for select using (true)');
    await owner.execute('create view notebook.peek as select * from notebook.note');
    const superuser = await open('postgres');
    await superuser.execute('create table notebook.gift (id int)');
    await superuser.execute('alter table notebook.gift owner to overture_gateway');
    await superuser.execute('grant overture_migrator to overture_projector');
    expect(await findIsolationGaps(url('postgres'))).toEqual([
      'notebook.note: row-level security is not forced',
      'notebook.open: row-level security is not forced',
      'notebook.note: policy mistake opens the rows of every tenant to everyone',
      'notebook.peek: a view that does not ask with the rights of its reader',
      'overture_projector has the rights of overture_migrator',
      'overture_gateway owns table notebook.gift',
    ]);
    await superuser.execute('revoke overture_migrator from overture_projector');
  });

  it('shows a tenant its own rows only', async () => {
    const gateway = await open('overture_gateway');
    expect(await withTenant(gateway, 'a', textsOf)).toEqual(['of a']);
    expect(await withTenant(gateway, 'b', textsOf)).toEqual(['of b']);
    expect(await withTenant(gateway, `a' or true --`, textsOf)).toEqual([]);
  });

  it('shows nothing without a tenant, not even to the owner', async () => {
    const gateway = await open('overture_gateway');
    expect(await textsOf(gateway)).toEqual([]);
    await gateway.execute(`select set_config('app.tenant', '', false)`);
    expect(await textsOf(gateway)).toEqual([]);
    expect(await textsOf(await open('overture_migrator'))).toEqual([]);
    expect(() => withTenant(gateway, '', textsOf)).toThrow('needs a tenant');
  });

  it('lets a login that is named see every tenant', async () => {
    expect(await textsOf(await open('overture_projector'))).toEqual(['of a', 'of b']);
  });

  it.each([
    ['add', `insert into notebook.note values (3, 'b', 'forged')`],
    ['give away', `update notebook.note set tenant_id = 'b'`],
  ])('does not let a tenant %s a row in the name of another', async (_, sql) => {
    const gateway = await open('overture_gateway');
    await expect(withTenant(gateway, 'a', (em) => em.execute(sql))).rejects.toThrow('row-level security policy');
  });

  it('keeps the rows of another tenant from being changed or deleted', async () => {
    const gateway = await open('overture_gateway');
    await withTenant(gateway, 'a', async (em) => {
      await em.execute(`update notebook.note set text = 'changed'`);
      await em.execute('delete from notebook.note where id = 2');
    });
    expect(await textsOf(await open('overture_projector'))).toEqual(['changed', 'of b']);
  });

  it('leaves no tenant behind on a pooled connection, failed work included', async () => {
    const gateway = await open('overture_gateway');
    const work = Array.from({ length: 400 }, async (_, index) => {
      const tenantId = index % 2 === 0 ? 'a' : 'b';
      if (index % 5 === 0) return await textsOf(gateway.fork());
      const seen = withTenant(gateway, tenantId, async (em) => {
        if (index % 7 === 0) await em.execute('select 1 / 0');
        return await textsOf(em);
      });
      return (await seen.catch(() => [`of ${tenantId}`])).filter((text) => text !== `of ${tenantId}`);
    });
    expect((await Promise.all(work)).flat()).toEqual([]);
  });

  it('gives the application logins no way to take more rights', async () => {
    for (const login of ['overture_gateway', 'overture_projector'] as const) {
      const em = await open(login);
      for (const attempt of [
        'alter table notebook.note disable row level security',
        'create table notebook.mine (id int)',
        'create table public.mine (id int)',
        'create temporary table mine (id int)',
        'create schema mine',
        'set role overture_migrator',
        'update control.migration set name = name',
      ]) {
        await expect(em.execute(attempt)).rejects.toThrow(/permission denied|must be owner/);
      }
    }
  });
});
