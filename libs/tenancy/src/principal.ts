import type { KeyedDigest } from '#event-log';

/** What a caller may do. A route names the one it needs. */
export const PERMISSIONS = ['inference:write', 'models:read', 'requests:read', 'providers:read'] as const;
export type Permission = (typeof PERMISSIONS)[number];

/** Who calls, and for whom: the result of authentication, and the only source of the tenant. */
export interface Principal {
  readonly orgId: string;
  /** Project: the unit of isolation. */
  readonly tenantId: string;
  readonly keyId: string;
  readonly permissions: ReadonlySet<Permission>;
  /** Digests bodies under the tenant's own key, so that equal prompts of two tenants do not look equal. */
  readonly digest: KeyedDigest;
}
