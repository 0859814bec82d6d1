import type { EntityManager } from '@mikro-orm/postgresql';

/** Setting that the policies of row-level security compare `tenant_id` with. */
export const TENANT_SETTING = 'app.tenant';

/**
 * Runs work in a transaction of its own that sees one tenant's rows only. Work must use the entity manager it is given:
 * the outer one sees no tenant at all.
 */
export function withTenant<T>(
  em: EntityManager,
  tenantId: string,
  work: (em: EntityManager) => Promise<T>,
): Promise<T> {
  if (tenantId === '') throw new Error('withTenant needs a tenant: an empty one would silently see nothing.');
  return em.fork({ session: { variables: { [TENANT_SETTING]: tenantId } } }).transactional(work);
}
