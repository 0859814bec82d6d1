import { defineReadTable } from '../table/define-read-table.js';

/**
 * One row per request that was closed, whatever it cost. Unique by request and by event: a second charge for a request
 * cannot be written, it stops the partition.
 */
export const costLedger = defineReadTable({
  name: 'cost_ledger',
  columns: {
    requestId: 'uuid',
    eventId: 'uuid',
    tenantId: 'text',
    orgId: 'text',
    keyId: 'text',
    chargedAt: 'time',
    state: 'text',
    reason: 'text',
    /** Null when no price was known: unpriced is not free. */
    amountNanoUsd: 'whole?',
    heldNanoUsd: 'whole',
    catalogueVersion: 'text',
    /** BudgetCharged as it stands in the log, rates included. */
    charged: 'json',
  },
  key: ['requestId'],
  unique: [['eventId']],
  readableBy: 'tenant',
});

/** One row per attempt that was billed: what was used, and what it came to. */
export const costLine = defineReadTable({
  name: 'cost_line',
  columns: {
    requestId: 'uuid',
    attempt: 'integer',
    tenantId: 'text',
    candidate: 'text',
    provider: 'text',
    model: 'text',
    uncached: 'whole',
    cacheRead: 'whole',
    cacheWrite: 'whole',
    output: 'whole',
    reasoning: 'whole',
    audioIn: 'whole',
    audioOut: 'whole',
    amountNanoUsd: 'whole?',
    estimated: 'flag',
  },
  key: ['requestId', 'attempt'],
  readableBy: 'tenant',
});
