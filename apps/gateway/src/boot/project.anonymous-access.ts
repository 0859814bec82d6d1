import type { EntityManager } from '@mikro-orm/postgresql';
import { KeyedDigest } from '#event-log';
import { AnonymousAccess, PERMISSIONS, type Principal } from '#tenancy';

/** Key id under which calls without a key are booked. */
const ANONYMOUS = 'anonymous';

/** Lets callers without a key act for one project, or for none. */
export class ProjectAnonymousAccess extends AnonymousAccess {
  private constructor(private readonly caller: Principal | null) {
    super();
  }

  /** Null lets nobody in. */
  static async of(em: EntityManager, tenantId: string | null): Promise<ProjectAnonymousAccess> {
    if (tenantId === null) return new ProjectAnonymousAccess(null);
    const [project] = await em
      .fork()
      .execute<{ org_id: string; digest_key: Buffer }[]>(
        'select org_id, digest_key from control.project where id = ?',
        [tenantId],
      );
    if (project === undefined) throw new Error(`project ${tenantId} does not exist`);
    return new ProjectAnonymousAccess({
      orgId: project.org_id,
      tenantId,
      keyId: ANONYMOUS,
      permissions: new Set(PERMISSIONS),
      digest: new KeyedDigest(project.digest_key),
    });
  }

  principal(): Principal | null {
    return this.caller;
  }
}
