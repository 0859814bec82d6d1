import { defineReadTable } from '../table/define-read-table.js';

/**
 * What was charged against a budget in a period, as the log has it. A budget above several tenants has one row per
 * tenant, so that every row has one partition that writes it; readers add them up.
 */
export const budgetBalance = defineReadTable({
  name: 'budget_balance',
  columns: {
    tenantId: 'text',
    budgetId: 'text',
    period: 'text',
    chargedNanoUsd: 'whole',
    /** The part of `chargedNanoUsd` whose amount is an estimate. */
    estimatedNanoUsd: 'whole',
    charges: 'offset',
    estimatedCharges: 'offset',
    voidedCharges: 'offset',
    /** Charges whose amount is unknown; they add nothing to the sum. */
    unpricedCharges: 'offset',
  },
  key: ['tenantId', 'budgetId', 'period'],
  readableBy: 'tenant',
});
