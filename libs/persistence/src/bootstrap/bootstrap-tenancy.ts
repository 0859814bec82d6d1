import { randomUUID } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Secret } from '#contracts';
import { ApiKey } from '../control/api-key.entity.js';
import { Organisation } from '../control/organisation.entity.js';
import { Project } from '../control/project.entity.js';
import { mintApiKey, storedFormOf } from './mint-api-key.js';

/** Names of the two keys that are made here; a configured budget refers to a key by its name. */
const KEY_NAMES = { minted: 'first', operators: 'bootstrap' } as const;

interface BootstrapOptions {
  readonly orgSlug: string;
  readonly projectSlug: string;
  /** The operator's own first key; null mints one on the first run. */
  readonly bootstrapKey: Secret | null;
  readonly now: Date;
  readonly randomBytes: (size: number) => Buffer;
}

/** What there is to work with, and the key in clear if it was minted just now: shown now or never. */
export interface BootstrappedTenancy {
  readonly orgId: string;
  readonly tenantId: string;
  readonly mintedKey: Secret | null;
}

/** The operator's key was revoked, and stays so. */
class BootstrapKeyRevokedError extends Error {
  constructor() {
    super('OVERTURE_BOOTSTRAP_KEY: this key has been revoked and stays so: choose another one, or unset it.');
    this.name = 'BootstrapKeyRevokedError';
  }
}

/**
 * Makes the first organisation, project and API key, as the migrator; does nothing where they exist. A key of the
 * operator replaces the one that the operator gave before, and no other.
 */
export async function bootstrapTenancy(em: EntityManager, options: BootstrapOptions): Promise<BootstrappedTenancy> {
  return await em.fork().transactional(async (tx) => {
    // Two first starts at once must not make two of each; reading goes on meanwhile.
    await tx.execute('lock table control.organisation in share row exclusive mode');
    const organisation = await ensureOrganisation(tx, options);
    const project = await ensureProject(tx, organisation.id, options);
    const mintedKey = await ensureKey(tx, project, options);
    return { orgId: organisation.id, tenantId: project.id, mintedKey };
  });
}

async function ensureOrganisation(em: EntityManager, { orgSlug, now }: BootstrapOptions): Promise<Organisation> {
  const found = await em.findOne(Organisation, { slug: orgSlug });
  if (found !== null) return found;
  const made = em.create(Organisation, { id: randomUUID(), slug: orgSlug, name: orgSlug, createdAt: now });
  await em.persist(made).flush();
  return made;
}

async function ensureProject(em: EntityManager, orgId: string, options: BootstrapOptions): Promise<Project> {
  const { projectSlug: slug, now, randomBytes } = options;
  const found = await em.findOne(Project, { orgId, slug });
  if (found !== null) return found;
  const made = em.create(Project, {
    id: randomUUID(),
    orgId,
    slug,
    name: slug,
    digestKey: randomBytes(32),
    createdAt: now,
  });
  await em.persist(made).flush();
  return made;
}

/** The key in clear if it was minted. */
async function ensureKey(em: EntityManager, project: Project, options: BootstrapOptions): Promise<Secret | null> {
  const { bootstrapKey, now, randomBytes } = options;
  if (bootstrapKey !== null) {
    await installKey(em, project, { name: KEY_NAMES.operators, key: bootstrapKey, now });
    return null;
  }
  if ((await em.count(ApiKey, { tenantId: project.id })) > 0) return null;
  const key = mintApiKey(randomBytes);
  await installKey(em, project, { name: KEY_NAMES.minted, key, now });
  return key;
}

interface NewKey {
  readonly name: string;
  readonly key: Secret;
  readonly now: Date;
}

async function installKey(em: EntityManager, project: Project, { name, key, now }: NewKey): Promise<void> {
  const { hash, prefix } = storedFormOf(key);
  const known = await em.findOne(ApiKey, { hash });
  if (known !== null) {
    if (known.revokedAt !== null) throw new BootstrapKeyRevokedError();
    return;
  }
  const { id: tenantId, orgId } = project;
  await em.nativeUpdate(ApiKey, { tenantId, name, revokedAt: null }, { revokedAt: now });
  await em.insert(ApiKey, {
    id: randomUUID(),
    tenantId,
    orgId,
    name,
    hash,
    prefix,
    createdAt: now,
    createdBy: 'bootstrap',
  });
}
