import { defineReadTable } from '../table/define-read-table.js';

/**
 * Attempts at a connection's model that ended alike, counted and summed. Every row has one partition that writes it;
 * readers add them up.
 */
export const providerOutcome = defineReadTable({
  name: 'provider_outcome',
  columns: {
    partition: 'integer',
    connection: 'text',
    model: 'text',
    outcome: 'text',
    provider: 'text',
    fault: 'text',
    attempts: 'offset',
    latencySumUs: 'whole',
    /** Attempts by latency, one count per bound of `LATENCY_BOUNDS_MS` and one beyond the last. */
    latencyCounts: 'wholes',
    /** Attempts that had a first token. */
    firstTokens: 'offset',
    ttftSumUs: 'whole',
    ttftCounts: 'wholes',
    inputTokens: 'whole',
    outputTokens: 'whole',
    /** The latest event counted here, in the order of the partition. */
    lastAt: 'time',
  },
  key: ['partition', 'connection', 'model', 'outcome'],
  readableBy: 'every-tenant',
});

/** The breaker of one gateway for one candidate, as it was last heard of. */
export const breakerState = defineReadTable({
  name: 'breaker_state',
  columns: {
    partition: 'integer',
    /** Gateway whose breaker it is. */
    source: 'text',
    candidate: 'text',
    connection: 'text',
    model: 'text',
    state: 'text',
    since: 'time',
    lastOutcome: 'text?',
  },
  key: ['partition', 'source', 'candidate'],
  readableBy: 'every-tenant',
});
