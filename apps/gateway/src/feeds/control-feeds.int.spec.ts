import { createHmac, randomBytes } from 'node:crypto';
import type { MikroORM } from '@mikro-orm/postgresql';
import { Secret } from '#contracts';
import { CONTROL_ENTITIES, DATABASE_LOGINS, bootstrapTenancy, createOrm, syncBudgets } from '#persistence';
import { KeyDirectory } from '#tenancy';
import { startTestPostgres, type TestPostgres } from '../../../../test/engines/postgres.js';
import { BudgetDirectory } from './budget-directory.js';
import { PostgresBudgetSource } from './postgres.budget-source.js';
import { PostgresKeySource } from './postgres.key-source.js';

const NOW = new Date('2026-11-21T10:00:00Z');
const KEY = 'sk-igris-abcdefghijklmnopqrstuv0123456789';

describe('what a gateway knows of the control tables', () => {
  let postgres: TestPostgres;
  let owner: MikroORM;
  let gateway: MikroORM;
  let tenantId: string;
  let orgId: string;

  beforeAll(async () => void (postgres = await startTestPostgres()));
  beforeEach(async () => {
    const url = await postgres.createDatabase();
    const options = { entities: CONTROL_ENTITIES, poolMax: 2, statementTimeoutMs: 10_000, applicationName: 'spec' };
    owner = await createOrm({ ...options, url: url(DATABASE_LOGINS.migrator) });
    gateway = await createOrm({ ...options, url: url(DATABASE_LOGINS.gateway) });
    const bootstrap = { orgSlug: 'main', projectSlug: 'default', bootstrapKey: new Secret(KEY), now: NOW, randomBytes };
    ({ tenantId, orgId } = await bootstrapTenancy(owner.em, bootstrap));
  });
  afterEach(async () => {
    await owner.close();
    await gateway.close();
  });
  afterAll(() => postgres.stop());

  const change = (sql: string, values: object = {}): Promise<unknown> => owner.em.fork().execute(sql, values);
  const addKey = (name: string): Promise<unknown> =>
    change(
      `insert into control.api_key (id, tenant_id, org_id, name, hash, prefix, created_at, created_by)
         values (:name, :tenantId, :orgId, :name, sha256(convert_to(:key, 'UTF8')), 'sk-igris-', :now, 'spec')`,
      { name, tenantId, orgId, key: `sk-igris-${name}`, now: NOW },
    );

  describe('are its keys', () => {
    let keys: KeyDirectory;
    let source: PostgresKeySource;
    const isKnown = (key: string, atMs = NOW.getTime()): boolean => {
      try {
        return keys.authenticate(key, atMs).tenantId === tenantId;
      } catch {
        return false;
      }
    };
    beforeEach(async () => {
      keys = new KeyDirectory();
      source = new PostgresKeySource(gateway.em.fork(), keys);
      await source.refresh();
    });

    it('with their tenant, and its own key for digests', async () => {
      const { digest, ...principal } = keys.authenticate(KEY, NOW.getTime());
      expect(principal).toMatchObject({ tenantId, orgId });
      const [project] = await owner.em
        .fork()
        .execute<{ digest: string }[]>(`select encode(digest_key, 'hex') as digest from control.project`);
      const expected = createHmac('sha256', Buffer.from(project?.digest ?? '', 'hex'))
        .update('x')
        .digest('hex');
      expect(digest.of(Buffer.from('x'))).toBe(expected);
    });

    it('with those that were issued since', async () => {
      await addKey('second');
      expect(isKnown('sk-igris-second')).toBe(false);
      await source.refresh();
      expect([isKnown('sk-igris-second'), isKnown(KEY)]).toEqual([true, true]);
    });

    it('without any that was revoked, even when another one was revoked at the same moment or later', async () => {
      await addKey('second');
      await addKey('third');
      const revoke = (id: string, at: string) =>
        change('update control.api_key set revoked_at = :at where id = :id', { id, at });
      await revoke('second', '2026-11-21T10:00:05Z');
      await source.refresh();
      expect([isKnown('sk-igris-second'), isKnown('sk-igris-third')]).toEqual([false, true]);
      await revoke('third', '2026-11-21T10:00:01Z'); // by a process whose clock is behind
      await source.refresh();
      expect([isKnown('sk-igris-third'), isKnown(KEY)]).toEqual([false, true]);
    });

    it('with an expiry that was set later', async () => {
      await change('update control.api_key set expires_at = :at', { at: '2026-11-22T00:00:00Z' });
      await source.refresh();
      expect(isKnown(KEY)).toBe(true);
      expect(isKnown(KEY, Date.parse('2026-11-22T00:00:00Z'))).toBe(false);
    });
  });

  it('are its live budgets, exact to the nano-USD', async () => {
    const directory = new BudgetDirectory();
    const source = new PostgresBudgetSource(gateway.em.fork(), directory);
    const budget = { name: 'team', scope: 'project', of: 'default', period: 'month' } as const;
    const above = () => directory.above({ org: orgId, project: tenantId, key: 'any' });
    await syncBudgets(owner.em, [{ ...budget, limitNanoUsd: 9_007_199_254_740_993n }], NOW);
    await source.refresh();
    expect(above()).toMatchObject([
      { name: 'team', scope: 'project', scopeId: tenantId, period: 'month', limitNanoUsd: 9_007_199_254_740_993n },
    ]);
    await syncBudgets(owner.em, [], NOW);
    await source.refresh();
    expect(above()).toEqual([]);
  });
});
