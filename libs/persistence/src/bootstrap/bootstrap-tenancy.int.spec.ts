import { createHash, randomBytes } from 'node:crypto';
import type { MikroORM } from '@mikro-orm/postgresql';
import { Secret } from '#contracts';
import { startTestPostgres, type TestPostgres } from '../../../../test/engines/postgres.js';
import { ApiKey } from '../control/api-key.entity.js';
import { CONTROL_ENTITIES } from '../control/control.registry.js';
import { Project } from '../control/project.entity.js';
import { createOrm } from '../orm/create-orm.js';
import { bootstrapTenancy, type BootstrappedTenancy } from './bootstrap-tenancy.js';

const NOW = new Date('2026-11-21T10:00:00Z');
const OPERATORS_KEY = new Secret('sk-igris-0123456789abcdefghijklmnopqrstuv');
const ANOTHER_KEY = new Secret('sk-igris-abcdefghijklmnopqrstuv0123456789');
const sha256 = (key: Secret | null): Buffer =>
  createHash('sha256')
    .update(key?.reveal() ?? '')
    .digest();

describe('first organisation, project and key', () => {
  let postgres: TestPostgres;
  let owner: MikroORM;
  let gateway: MikroORM;

  const bootstrap = (bootstrapKey: Secret | null = null): Promise<BootstrappedTenancy> =>
    bootstrapTenancy(owner.em, { orgSlug: 'main', projectSlug: 'default', bootstrapKey, now: NOW, randomBytes });
  const liveKeys = (): Promise<ApiKey[]> => gateway.em.fork().find(ApiKey, { revokedAt: null });

  beforeAll(async () => void (postgres = await startTestPostgres()));
  beforeEach(async () => {
    const url = await postgres.createDatabase();
    const options = { entities: CONTROL_ENTITIES, poolMax: 4, statementTimeoutMs: 10_000, applicationName: 'spec' };
    owner = await createOrm({ ...options, url: url('overture_migrator') });
    gateway = await createOrm({ ...options, url: url('overture_gateway') });
  });
  afterEach(async () => {
    await owner.close();
    await gateway.close();
  });
  afterAll(() => postgres.stop());

  it('are made on the first run, with a key of 256 bits that is shown once', async () => {
    const first = await bootstrap();
    expect(first.mintedKey?.reveal()).toMatch(/^sk-igris-[A-Za-z0-9_-]{43}$/);
    expect(await bootstrap()).toEqual({ ...first, mintedKey: null });
  });

  it('are what a gateway finds, the hash of the key and not the key', async () => {
    const { orgId, tenantId, mintedKey } = await bootstrap();
    const [key, ...others] = await liveKeys();
    expect(others).toEqual([]);
    expect(key).toMatchObject({ orgId, tenantId, name: 'first', expiresAt: null });
    expect(key?.hash).toEqual(sha256(mintedKey));
    const [project] = await gateway.em.fork().find(Project, { id: tenantId });
    expect(project?.digestKey).toHaveLength(32);

    const stored = await owner.em.execute<object[]>('select * from control.api_key');
    expect(JSON.stringify(stored)).not.toContain(mintedKey?.reveal().slice(13));
  });

  it('are made once when several processes start at once', async () => {
    const results = await Promise.all([bootstrap(), bootstrap(), bootstrap()]);
    expect(new Set(results.map(({ tenantId }) => tenantId)).size).toBe(1);
    expect(results.filter(({ mintedKey }) => mintedKey !== null)).toHaveLength(1);
  });

  it('take the key of the operator instead of minting one, as often as it is given', async () => {
    expect((await bootstrap(OPERATORS_KEY)).mintedKey).toBeNull();
    expect((await bootstrap(OPERATORS_KEY)).mintedKey).toBeNull();
    expect((await bootstrap()).mintedKey).toBeNull();
    expect((await liveKeys()).map(({ hash }) => hash)).toEqual([sha256(OPERATORS_KEY)]);
  });

  it('replace a key of the operator by the next one and no other, and do not revive what was revoked', async () => {
    const { mintedKey } = await bootstrap();
    await bootstrap(OPERATORS_KEY);
    await bootstrap(ANOTHER_KEY);
    const hashes = (await liveKeys()).map(({ hash }) => hash);
    expect(hashes).toHaveLength(2);
    expect(hashes).toEqual(expect.arrayContaining([sha256(mintedKey), sha256(ANOTHER_KEY)]));
    await expect(bootstrap(OPERATORS_KEY)).rejects.toThrow('has been revoked');
  });
});
