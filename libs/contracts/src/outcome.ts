/** Closed vocabulary of how an attempt at a provider ended. */
export const OUTCOMES = [
  'ok',
  'rate_limited', // 429
  'overloaded', // 503, 529
  'server_error', // other 5xx
  'timeout_connect',
  'timeout_headers',
  'timeout_first_token',
  'timeout_idle',
  'timeout_total',
  'connection_failed', // refused, reset, DNS, TLS
  'bad_response', // 200 that is not what the dialect promises
  'stream_cut', // began and did not end
  'stream_error', // in-band error
  'unauthorized', // 401, 403: our key at the provider
  'payment_required', // 402, quota exhausted at the provider
  'not_found', // 404: model or path
  'invalid_request', // 400, 413, 422
  'context_length_exceeded',
  'content_filtered',
  'cancelled', // lost a race, or gateway shut down
  'client_gone',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Who has to act for the failure to go away. */
export const FAULT_OWNERS = ['none', 'provider', 'operator', 'client', 'gateway'] as const;
export type FaultOwner = (typeof FAULT_OWNERS)[number];

/** Why generation stopped, in OpenAI's words plus `error`. */
export const FINISH_REASONS = ['stop', 'length', 'tool_calls', 'content_filter', 'error'] as const;
export type FinishReason = (typeof FINISH_REASONS)[number];

interface OutcomeTraits {
  readonly fault: FaultOwner;
  /** Another candidate, or the same one later, may answer. */
  readonly retryable: boolean;
  /** Counts against the candidate's health; `success` counts for it; `ignored` says nothing about the provider. */
  readonly health: 'success' | 'failure' | 'ignored';
  /** Counts towards opening the breaker. A 429 never does. */
  readonly trips: boolean;
}

const failed = (fault: FaultOwner, retryable: boolean, trips: boolean): OutcomeTraits => ({
  fault,
  retryable,
  health: 'failure',
  trips,
});
const notTheirs = (fault: FaultOwner, retryable: boolean): OutcomeTraits => ({
  fault,
  retryable,
  health: 'ignored',
  trips: false,
});

/** What each outcome means for retries, health and the breaker: one table for every room. */
export const OUTCOME_TRAITS: Readonly<Record<Outcome, OutcomeTraits>> = {
  ok: { fault: 'none', retryable: false, health: 'success', trips: false },
  rate_limited: failed('provider', true, false),
  overloaded: failed('provider', true, true),
  server_error: failed('provider', true, true),
  timeout_connect: failed('provider', true, true),
  timeout_headers: failed('provider', true, true),
  timeout_first_token: failed('provider', true, true),
  timeout_idle: failed('provider', true, true),
  timeout_total: failed('provider', true, true),
  connection_failed: failed('provider', true, true),
  bad_response: failed('provider', true, true),
  stream_cut: failed('provider', true, true),
  stream_error: failed('provider', true, true),
  unauthorized: failed('operator', true, true),
  payment_required: failed('operator', true, true),
  not_found: notTheirs('operator', true),
  invalid_request: notTheirs('client', false),
  context_length_exceeded: notTheirs('client', true),
  content_filtered: notTheirs('client', false),
  cancelled: notTheirs('none', false),
  client_gone: notTheirs('client', false),
};
