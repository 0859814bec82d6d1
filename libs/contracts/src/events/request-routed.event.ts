import { Type } from 'typebox';
import { defineEvent, type DataOf } from './define-event.js';
import { Count, Digest, Identifier, NanoUsd, Offset, Probability, Uuid, orNull } from './fields.js';

/** Posterior and odds of one eligible candidate at the moment of the draw. */
const RoutedCandidate = Type.Object({
  /** `slug/model`. */
  id: Identifier,
  connection: Identifier,
  provider: Identifier,
  model: Identifier,
  /** Health Beta(α, β) decayed to the decision's tick. */
  health: Type.Object({ alpha: Type.Number(), beta: Type.Number() }),
  /** Utility statistics decayed to the decision's tick: n, Σr, Σr². */
  utility: Type.Object({ n: Type.Number(), sum: Type.Number(), sum_squares: Type.Number() }),
  /** Expected cost at decision time; null when the model has no known price. */
  expected_cost_nano_usd: orNull(NanoUsd),
  /** Share that the operator gives this candidate; counts under strategy `weighted` only. */
  weight: Type.Number({ minimum: 0 }),
  /** Moment-matched Beta(a, b) that entered the quadrature. */
  score: Type.Object({ a: Type.Number(), b: Type.Number() }),
  probability: Probability,
});

/** Which provider a request goes to, with everything needed to derive the choice again from the log alone. */
export const RequestRouted = defineEvent('RequestRouted', 1, {
  request_id: Uuid,
  /** Id the client sent in `x-client-request-id`, if any. */
  client_request_id: orNull(Type.String({ maxLength: 200 })),
  org_id: Identifier,
  tenant_id: Identifier,
  key_id: Identifier,
  /** End user named by the caller (`user` field or `x-igris-user`). */
  user: orNull(Type.String({ maxLength: 512 })),
  surface: Type.Union([Type.Literal('openai.chat'), Type.Literal('overture.infer')]),
  requested_model: Type.String({ minLength: 1, maxLength: 400 }),
  stream: Type.Boolean(),
  trace_id: Uuid,
  input: Type.Object({ digest: Digest, bytes: Count, tokens_bound: Count, output_tokens_bound: Count }),
  class: Type.Object({ name: Identifier, probability: Probability }),
  policy: Type.Object({
    id: Identifier,
    version: Count,
    strategy: Identifier,
    epsilon: Probability,
    latency_scale_ms: Type.Number({ exclusiveMinimum: 0 }),
    cost_scale_nano_usd: NanoUsd,
    weights: Type.Object({ latency: Type.Number(), cost: Type.Number() }),
    /** Prior of the latency reward: worth `n` observations of this mean and variance. */
    utility_prior: Type.Object({
      n: Type.Number({ exclusiveMinimum: 0 }),
      mean: Type.Number(),
      variance: Type.Number({ minimum: 0 }),
    }),
  }),
  /** Cell key (tenant, group, class, stream, input band, tools) without the candidate. */
  cell: Type.String({ minLength: 1, maxLength: 1000 }),
  posterior_version: Type.Object({ partition: Count, next_offset: Offset }),
  /** Event time in 10 s ticks since the epoch. */
  tick: Count,
  candidates: Type.Array(RoutedCandidate, { minItems: 1 }),
  /** Candidates that a filter removed, with the reason. */
  excluded: Type.Array(Type.Object({ id: Identifier, reason: Identifier })),
  uniform: Type.Number({ minimum: 0, exclusiveMaximum: 1 }),
  chosen: Identifier,
  probability: Probability,
  /** Order of the later attempts; they are not drawn and not evaluated. */
  fallback: Type.Array(Identifier),
  /** Set when the choice was forced: propensity 1, left out of evaluation. */
  override: orNull(Type.Union([Type.Literal('pinned'), Type.Literal('sticky'), Type.Literal('single')])),
  /** What was set aside, and the budgets that wait for the charge: all that closing the request after a crash needs. */
  hold: Type.Object({
    id: Uuid,
    amount_nano_usd: NanoUsd,
    budgets: Type.Array(Type.Object({ budget_id: Identifier, period: Type.String({ minLength: 1, maxLength: 20 }) })),
  }),
});
export type RequestRouted = DataOf<typeof RequestRouted>;
