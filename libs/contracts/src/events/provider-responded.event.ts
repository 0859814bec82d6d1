import { Type } from 'typebox';
import { FAULT_OWNERS, FINISH_REASONS, OUTCOMES } from '../outcome.js';
import { defineEvent, type DataOf } from './define-event.js';
import { Count, Digest, Identifier, Milliseconds, Uuid, orNull } from './fields.js';

/** Tokens in disjoint buckets: the total is their sum. */
export const UsageBuckets = Type.Object({
  uncached: Count,
  cache_read: Count,
  cache_write: Count,
  output: Count,
  /** Billed as output, counted apart from `output`. */
  reasoning: Count,
  audio_in: Count,
  audio_out: Count,
});

/** What one attempt at a provider came to. One event per attempt, failed ones included. */
export const ProviderResponded = defineEvent('ProviderResponded', 1, {
  request_id: Uuid,
  tenant_id: Identifier,
  attempt: Type.Integer({ minimum: 1 }),
  candidate: Identifier,
  connection: Identifier,
  provider: Identifier,
  model: Identifier,
  model_served: orNull(Type.String({ maxLength: 400 })),
  /** Provider's own id for the answer, where it gave one. */
  provider_request_id: orNull(Type.String({ maxLength: 400 })),
  /** Cell key of the routing decision. */
  cell: Type.String({ minLength: 1, maxLength: 1000 }),
  /** Event time in 10 s ticks since the epoch; drives forgetting. */
  tick: Count,
  stream: Type.Boolean(),
  outcome: Type.Enum(OUTCOMES),
  fault: Type.Enum(FAULT_OWNERS),
  status: orNull(Type.Integer({ minimum: 100, maximum: 599 })),
  provider_code: orNull(Type.String({ maxLength: 200 })),
  retry_after_ms: orNull(Milliseconds),
  /** First content token after the call began. */
  ttft_ms: orNull(Milliseconds),
  latency_ms: Milliseconds,
  usage: orNull(UsageBuckets),
  usage_source: Type.Enum(['provider', 'estimated', 'none']),
  finish_reason: orNull(Type.Enum(FINISH_REASONS)),
  output: Type.Object({ digest: orNull(Digest), bytes: Count }),
  /** Latency scale L0 of the policy, so that the reward is a function of this event alone. */
  latency_scale_ms: Type.Number({ exclusiveMinimum: 0 }),
});
export type ProviderResponded = DataOf<typeof ProviderResponded>;
