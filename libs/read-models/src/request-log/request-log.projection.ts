import { defineProjection } from '../fold/define-projection.js';
import { answerReuse, requestAttempt, requestLog } from './request-log.entity.js';

/** What became of each request: where it was sent and how every attempt ended. What it cost is in the cost ledger. */
export const requestLogProjection = defineProjection({
  name: 'request-log',
  version: 1,
  tables: [requestLog, requestAttempt, answerReuse],
  on: {
    RequestRouted: (rows, { tenant, time, json, data }) =>
      rows.append(requestLog, {
        requestId: data.request_id,
        tenantId: tenant,
        keyId: data.key_id,
        routedAt: time,
        requestedModel: data.requested_model,
        chosen: data.chosen,
        routed: json,
      }),
    ProviderResponded: (rows, { tenant, time, json, data }) =>
      rows.append(requestAttempt, {
        requestId: data.request_id,
        attempt: data.attempt,
        tenantId: tenant,
        respondedAt: time,
        outcome: data.outcome,
        responded: json,
      }),
    AnswerReused: (rows, { tenant, time, json, data }) =>
      rows.append(answerReuse, {
        requestId: data.request_id,
        tenantId: tenant,
        keyId: data.key_id,
        originalRequestId: data.original_request_id,
        reusedAt: time,
        reason: data.reason,
        reused: json,
      }),
  },
});
