import { defineEntity, p, type InferEntity } from '@mikro-orm/postgresql';

/** A key as it is stored: the key itself is shown once and never kept. */
export const ApiKey = defineEntity({
  name: 'ApiKey',
  schema: 'control',
  tableName: 'api_key',
  properties: {
    id: p.text().primary(),
    tenantId: p.text(),
    orgId: p.text(),
    /** Unique among the tenant's live keys. */
    name: p.text(),
    /** SHA-256 of the whole key. */
    hash: p.blob(),
    /** First characters, by which people recognise it. */
    prefix: p.text(),
    createdAt: p.datetime(),
    createdBy: p.text(),
    revokedAt: p.datetime().nullable(),
    /** Null never expires. */
    expiresAt: p.datetime().nullable(),
  },
});
export type ApiKey = InferEntity<typeof ApiKey>;
