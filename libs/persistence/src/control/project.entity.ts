import { defineEntity, p, type InferEntity } from '@mikro-orm/postgresql';

/** The unit of isolation: its id is the tenant's id everywhere. */
export const Project = defineEntity({
  name: 'Project',
  schema: 'control',
  tableName: 'project',
  properties: {
    id: p.text().primary(),
    orgId: p.text(),
    slug: p.text(),
    name: p.text(),
    /** Key of the tenant's digests (HMAC-SHA-256), 32 random bytes. */
    digestKey: p.blob(),
    createdAt: p.datetime(),
  },
});
export type Project = InferEntity<typeof Project>;
