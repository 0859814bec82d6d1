import { GatewayError, type ErrorCode, type Outcome } from '#contracts';
import type { Attempt } from '#providers';

const CODES: Readonly<Record<Exclude<Outcome, 'ok'>, ErrorCode>> = {
  rate_limited: 'provider_rate_limited',
  overloaded: 'provider_error',
  server_error: 'provider_error',
  timeout_connect: 'provider_timeout',
  timeout_headers: 'provider_timeout',
  timeout_first_token: 'provider_timeout',
  timeout_idle: 'provider_timeout',
  timeout_total: 'provider_timeout',
  connection_failed: 'provider_error',
  bad_response: 'provider_bad_response',
  stream_cut: 'provider_stream_cut',
  stream_error: 'provider_error',
  unauthorized: 'provider_unauthorized',
  payment_required: 'provider_unauthorized',
  not_found: 'model_not_found',
  invalid_request: 'provider_rejected_request',
  context_length_exceeded: 'context_length_exceeded',
  content_filtered: 'content_filter',
  cancelled: 'shutting_down',
  client_gone: 'internal_error',
};

const ADVICE: Partial<Record<Outcome, string>> = {
  rate_limited: 'Every provider that could answer is rate limited: retry after the time given.',
  unauthorized: "The gateway's key at the provider was refused: the operator must check the connection's API key.",
  payment_required: "The gateway's account at the provider is out of credit: the operator must top it up.",
  stream_cut: 'The provider broke off in the middle of the answer: retry the request.',
};

/** Statuses of a provider that a caller sees as they are; a refusal of our own key is not the caller's 401. */
const KEPT_STATUSES: ReadonlySet<number> = new Set([400, 404, 409, 413, 415, 422, 429]);

/** What a caller is told when the last attempt failed; null stands for no attempt at all. */
export function failureOfAttempt(attempt: Attempt | null): GatewayError {
  if (attempt === null || attempt.outcome === 'ok') {
    return new GatewayError('no_provider_available', 'No provider can take this request now: retry shortly.', {
      retryAfterMs: 1000,
    });
  }
  const { outcome, status, failure, retryAfterMs, target } = attempt;
  const told = failure?.message ?? outcome;
  const detail = `${target.connection.providerName} error ${status ?? outcome}: ${told}`;
  const code = CODES[outcome];
  return new GatewayError(code, ADVICE[outcome] ?? detail, {
    detail,
    ...(status !== null && KEPT_STATUSES.has(status) && code !== 'provider_unauthorized' ? { status } : {}),
    ...(retryAfterMs === null ? {} : { retryAfterMs }),
  });
}
