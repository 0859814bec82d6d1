import { defineEntity, p, type InferEntity } from '@mikro-orm/postgresql';

/** The customer: owns projects, and is what is billed. */
export const Organisation = defineEntity({
  name: 'Organisation',
  schema: 'control',
  tableName: 'organisation',
  properties: {
    id: p.text().primary(),
    slug: p.text(),
    name: p.text(),
    createdAt: p.datetime(),
  },
});
export type Organisation = InferEntity<typeof Organisation>;
