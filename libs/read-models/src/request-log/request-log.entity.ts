import { defineReadTable } from '../table/define-read-table.js';

/** One row per request that was routed. */
export const requestLog = defineReadTable({
  name: 'request_log',
  columns: {
    requestId: 'uuid',
    tenantId: 'text',
    keyId: 'text',
    routedAt: 'time',
    requestedModel: 'text',
    chosen: 'text',
    /** RequestRouted as it stands in the log. */
    routed: 'json',
  },
  key: ['requestId'],
  readableBy: 'tenant',
});

/** One row per request that got the answer of another one: it was not routed. */
export const answerReuse = defineReadTable({
  name: 'answer_reuse',
  columns: {
    requestId: 'uuid',
    tenantId: 'text',
    keyId: 'text',
    originalRequestId: 'uuid',
    reusedAt: 'time',
    reason: 'text',
    /** AnswerReused as it stands in the log. */
    reused: 'json',
  },
  key: ['requestId'],
  readableBy: 'tenant',
});

/** One row per attempt at a provider. Rows are only ever added: attempts end while others are still to come. */
export const requestAttempt = defineReadTable({
  name: 'request_attempt',
  columns: {
    requestId: 'uuid',
    attempt: 'integer',
    tenantId: 'text',
    respondedAt: 'time',
    outcome: 'text',
    /** ProviderResponded as it stands in the log. */
    responded: 'json',
  },
  key: ['requestId', 'attempt'],
  readableBy: 'tenant',
});
