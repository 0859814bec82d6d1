import type { EntityManager } from '@mikro-orm/postgresql';
import { KeyedDigest } from '#event-log';
import { PERMISSIONS, type KeyDirectory, type KnownKey } from '#tenancy';
import type { FeedSource } from './polled-feed.js';

interface KeyRow {
  readonly id: string;
  readonly hash: Buffer;
  readonly org_id: string;
  readonly tenant_id: string;
  readonly expires_at_ms: number | null;
  readonly digest_key: Buffer;
}

/**
 * Changes whenever a row does, so that an unchanged table costs one small query. Not made of times: the clock of
 * whoever revokes a key may be behind.
 */
const FINGERPRINT = `select
  count(*) || ':' || coalesce(sum(hashtextextended(k::text, 0)::numeric), 0) as fingerprint
  from control.api_key k`;

const LIVE_KEYS = `select k.id, k.hash, k.org_id, k.tenant_id, p.digest_key,
    (extract(epoch from k.expires_at) * 1000)::float8 as expires_at_ms
  from control.api_key k join control.project p on p.id = k.tenant_id where k.revoked_at is null`;

/** Keeps the key directory level with the database: a revocation counts after one poll at the latest. */
export class PostgresKeySource implements FeedSource {
  readonly name = 'api keys';
  private fingerprint: string | null = null;

  constructor(
    private readonly em: EntityManager,
    private readonly directory: KeyDirectory,
  ) {}

  async refresh(): Promise<void> {
    const [state] = await this.em.execute<{ fingerprint: string }[]>(FINGERPRINT);
    if (state === undefined || state.fingerprint === this.fingerprint) return;
    const rows = await this.em.execute<KeyRow[]>(LIVE_KEYS);
    this.directory.replaceAll(rows.map(knownKey));
    this.fingerprint = state.fingerprint;
  }
}

const permissions: ReadonlySet<(typeof PERMISSIONS)[number]> = new Set(PERMISSIONS);

const knownKey = (row: KeyRow): KnownKey => ({
  hash: row.hash.toString('base64'),
  principal: {
    orgId: row.org_id,
    tenantId: row.tenant_id,
    keyId: row.id,
    permissions,
    digest: new KeyedDigest(row.digest_key),
  },
  expiresAtMs: row.expires_at_ms,
});
