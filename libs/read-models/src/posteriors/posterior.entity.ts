import { defineReadTable } from '../table/define-read-table.js';

/**
 * What the log has taught about one candidate in one cell, as `#posterior` folds it. Gateways read these rows and never
 * fold; `partition` and `nextOffset` say how much of the log is in a row.
 */
export const posterior = defineReadTable({
  name: 'posterior',
  columns: {
    cell: 'text',
    candidate: 'text',
    tenantId: 'text',
    partition: 'integer',
    /** One past the last event that changed the row. */
    nextOffset: 'offset',
    tick: 'double',
    successes: 'double',
    failures: 'double',
    rewardCount: 'double',
    rewardSum: 'double',
    rewardSumSquares: 'double',
  },
  key: ['cell', 'candidate'],
  indexes: [['partition', 'nextOffset']],
  readableBy: 'every-tenant',
});
