import { defineEntity, p, type InferEntity } from '@mikro-orm/postgresql';

/** What a budget limits. */
export type BudgetScope = 'project' | 'key';

/** When a budget starts anew; the period is part of the key of what is spent, so nothing is ever reset. */
export type BudgetPeriod = 'day' | 'month' | 'total';

/** A hard ceiling on what a project or a key may spend in a period. */
export const Budget = defineEntity({
  name: 'Budget',
  schema: 'control',
  tableName: 'budget',
  properties: {
    id: p.text().primary(),
    tenantId: p.text(),
    /** Unique among the tenant's live budgets. */
    name: p.text(),
    scope: p.text().$type<BudgetScope>(),
    /** Id of the project or of the key. */
    scopeId: p.text(),
    period: p.text().$type<BudgetPeriod>(),
    limitNanoUsd: p.bigint().columnType('numeric(30)'),
    createdAt: p.datetime(),
    /** From then on it no longer counts; its slices are returned as usual. */
    retiredAt: p.datetime().nullable(),
  },
});
export type Budget = InferEntity<typeof Budget>;
