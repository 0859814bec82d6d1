import { OUTCOMES, type Outcome } from '#contracts';
import type { Attempt } from '#providers';
import { failureOfAttempt } from './failure-of-attempt.js';

const attempt = (outcome: Outcome, more: Partial<Attempt> = {}): Attempt =>
  ({
    outcome,
    status: null,
    failure: { outcome, code: null, message: 'their words' },
    retryAfterMs: null,
    target: { connection: { providerName: 'OpenAI' } },
    ...more,
  }) as Attempt;

const TOLD: Record<Exclude<Outcome, 'ok'>, string> = {
  rate_limited: '429 provider_rate_limited',
  overloaded: '502 provider_error',
  server_error: '502 provider_error',
  timeout_connect: '504 provider_timeout',
  timeout_headers: '504 provider_timeout',
  timeout_first_token: '504 provider_timeout',
  timeout_idle: '504 provider_timeout',
  timeout_total: '504 provider_timeout',
  connection_failed: '502 provider_error',
  bad_response: '502 provider_bad_response',
  stream_cut: '502 provider_stream_cut',
  stream_error: '502 provider_error',
  unauthorized: '502 provider_unauthorized',
  payment_required: '502 provider_unauthorized',
  not_found: '404 model_not_found',
  invalid_request: '400 provider_rejected_request',
  context_length_exceeded: '400 context_length_exceeded',
  content_filtered: '400 content_filter',
  cancelled: '503 shutting_down',
  client_gone: '500 internal_error',
};

describe('what a caller is told of a failed attempt', () => {
  it.each(Object.entries(TOLD))('is, for %s, %s', (outcome, told) => {
    const error = failureOfAttempt(attempt(outcome as Outcome));
    expect(`${error.status} ${error.code}`).toBe(told);
    expect(error.detail).toBe(`OpenAI error ${outcome}: their words`);
  });

  it('has a line for every outcome', () => {
    expect([...Object.keys(TOLD), 'ok'].sort()).toEqual([...OUTCOMES].sort());
  });

  it.each<[Outcome, number, number]>([
    ['invalid_request', 422, 422],
    ['context_length_exceeded', 413, 413],
    ['rate_limited', 429, 429],
    ['unauthorized', 401, 502],
    ['payment_required', 429, 502],
    ['server_error', 500, 502],
    ['overloaded', 529, 502],
    ['bad_response', 200, 502],
  ])('turns %s with the provider’s %i into %i', (outcome, status, told) => {
    expect(failureOfAttempt(attempt(outcome, { status })).status).toBe(told);
  });

  it('hands on how long the provider wants to be left alone', () => {
    expect(failureOfAttempt(attempt('rate_limited', { retryAfterMs: 7_000 })).retryAfterMs).toBe(7_000);
    expect(failureOfAttempt(attempt('rate_limited')).retryAfterMs).toBeUndefined();
  });

  it('is a temporary refusal when nobody could be asked', () => {
    expect(failureOfAttempt(null)).toMatchObject({ status: 503, code: 'no_provider_available', retryAfterMs: 1000 });
  });
});
