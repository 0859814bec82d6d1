import { Type } from 'typebox';
import { defineEvent, type DataOf } from './define-event.js';
import { Identifier, Uuid, orNull } from './fields.js';

/** A caller got the answer that another request had been given: nothing was routed for it, and nothing is charged. */
export const AnswerReused = defineEvent('AnswerReused', 1, {
  request_id: Uuid,
  /** The request that the answer was made for, by whose facts it can be explained. */
  original_request_id: Uuid,
  /** Id the client sent in `x-client-request-id`, if any. */
  client_request_id: orNull(Type.String({ maxLength: 200 })),
  org_id: Identifier,
  tenant_id: Identifier,
  key_id: Identifier,
  surface: Type.Union([Type.Literal('openai.chat'), Type.Literal('overture.infer')]),
  /** `idempotency`: the same idempotency key again; `cache`: the same question again. */
  reason: Type.Union([Type.Literal('idempotency'), Type.Literal('cache')]),
  trace_id: Uuid,
});
export type AnswerReused = DataOf<typeof AnswerReused>;
