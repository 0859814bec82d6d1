import { randomBytes } from 'node:crypto';
import type { MikroORM } from '@mikro-orm/postgresql';
import { Secret } from '#contracts';
import { startTestPostgres, type TestPostgres } from '../../../../test/engines/postgres.js';
import { ApiKey } from '../control/api-key.entity.js';
import { Budget } from '../control/budget.entity.js';
import { CONTROL_ENTITIES } from '../control/control.registry.js';
import { createOrm } from '../orm/create-orm.js';
import { bootstrapTenancy } from './bootstrap-tenancy.js';
import { syncBudgets, type ConfiguredBudget } from './sync-budgets.js';

const NOW = new Date('2026-11-21T10:00:00Z');
const MONTHLY: ConfiguredBudget = {
  name: 'team',
  scope: 'project',
  of: 'default',
  period: 'month',
  limitNanoUsd: 5_000_000_000n,
};
const PER_KEY: ConfiguredBudget = { ...MONTHLY, name: 'laptop', scope: 'key', of: 'bootstrap', period: 'day' };

describe('budgets of the configuration', () => {
  let postgres: TestPostgres;
  let owner: MikroORM;
  let gateway: MikroORM;
  let tenantId: string;

  const bootstrap = async (bootstrapKey: Secret): Promise<string> => {
    const options = { orgSlug: 'main', projectSlug: 'default', now: NOW, randomBytes };
    return (await bootstrapTenancy(owner.em, { ...options, bootstrapKey })).tenantId;
  };
  const sync = (...budgets: ConfiguredBudget[]): Promise<void> => syncBudgets(owner.em, budgets, NOW);
  const live = (): Promise<Budget[]> =>
    gateway.em.fork().find(Budget, { retiredAt: null }, { orderBy: { name: 'asc' } });

  beforeAll(async () => void (postgres = await startTestPostgres()));
  beforeEach(async () => {
    const url = await postgres.createDatabase();
    const options = { entities: CONTROL_ENTITIES, poolMax: 4, statementTimeoutMs: 10_000, applicationName: 'spec' };
    owner = await createOrm({ ...options, url: url('overture_migrator') });
    gateway = await createOrm({ ...options, url: url('overture_gateway') });
    tenantId = await bootstrap(new Secret('sk-igris-abcdefghijklmnopqrstuv0123456789'));
  });
  afterEach(async () => {
    await owner.close();
    await gateway.close();
  });
  afterAll(() => postgres.stop());

  it('are what a gateway finds', async () => {
    await sync(MONTHLY, PER_KEY);
    const [key] = await gateway.em.fork().find(ApiKey, { revokedAt: null });
    expect(await live()).toEqual([
      expect.objectContaining({ name: 'laptop', tenantId, scope: 'key', scopeId: key?.id, period: 'day' }),
      expect.objectContaining({ name: 'team', tenantId, scope: 'project', scopeId: tenantId, period: 'month' }),
    ]);
    expect((await live())[1]?.limitNanoUsd).toBe(5_000_000_000n);
  });

  it('keep their identity, and so what was spent, when the limit changes or the key is replaced', async () => {
    await sync(MONTHLY, PER_KEY);
    const before = await live();
    await bootstrap(new Secret('sk-igris-0123456789abcdefghijklmnopqrstuv'));
    await sync({ ...MONTHLY, limitNanoUsd: 1n }, PER_KEY);

    const after = await live();
    expect(after.map(({ id }) => id)).toEqual(before.map(({ id }) => id));
    expect(after[1]?.limitNanoUsd).toBe(1n);
    expect(after[0]?.scopeId).not.toBe(before[0]?.scopeId);
  });

  it('are retired when the configuration no longer names them, and new when it names them again', async () => {
    await sync(MONTHLY, PER_KEY);
    const [, former] = await live();
    await sync(PER_KEY);
    expect((await live()).map(({ name }) => name)).toEqual(['laptop']);
    await sync(MONTHLY, PER_KEY);
    expect((await live())[1]?.id).not.toBe(former?.id);
  });

  it('may go on under the same name for something else', async () => {
    await sync(MONTHLY);
    await sync({ ...PER_KEY, name: 'team' });
    expect(await live()).toEqual([expect.objectContaining({ name: 'team', scope: 'key' })]);
  });

  it('change nothing and are all named when some of them cannot be set up', async () => {
    await sync(MONTHLY);
    await expect(
      sync(PER_KEY, PER_KEY, { ...MONTHLY, name: 'x', of: 'nowhere' }, { ...PER_KEY, name: 'y', of: 'nobody' }),
    ).rejects.toThrow(
      'Budgets cannot be set up: "laptop" is there twice; "x" is for project "nowhere", of which there is none; ' +
        '"y" is for key "nobody", of which there is none.',
    );
    expect((await live()).map(({ name }) => name)).toEqual(['team']);
  });
});
