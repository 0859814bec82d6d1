import type { Pool } from 'pg';

/** A key as operators see it. */
export interface ListedApiKey {
  readonly id: string;
  readonly name: string;
  /** First characters, by which people recognise it. */
  readonly prefix: string;
  readonly project: string;
  readonly createdAt: Date;
  /** Null while it is live. */
  readonly revokedAt: Date | null;
}

const KEYS = `select k.id, k.name, k.prefix, p.slug as project, k.created_at as "createdAt", k.revoked_at as "revokedAt"
  from control.api_key k join control.project p on p.id = k.tenant_id`;

/** Every key there ever was, oldest first; as the migrator. */
export async function listApiKeys(pool: Pool): Promise<readonly ListedApiKey[]> {
  return (await pool.query<ListedApiKey>(`${KEYS} order by k.created_at, k.id`)).rows;
}

/**
 * Ends a key, as the migrator; one that was revoked before keeps its time. Gateways hear of it by their next poll.
 * Undefined when there is no such key.
 */
export async function revokeApiKey(pool: Pool, id: string, now: Date): Promise<ListedApiKey | undefined> {
  await pool.query('update control.api_key set revoked_at = $2 where id = $1 and revoked_at is null', [id, now]);
  return (await pool.query<ListedApiKey>(`${KEYS} where k.id = $1`, [id])).rows[0];
}
