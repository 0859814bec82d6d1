import { OUTCOME_TRAITS, type Outcome } from '#contracts';
import type { ProviderFailure } from '../dialect.port.js';

const MESSAGE_LENGTH_MAX = 500;

/** A failure in the form of the port, its message cut to length. */
export function providerFailure(outcome: Outcome, code: string | null, message: string | null): ProviderFailure {
  const words = message === null || message === '' ? `the provider failed (${code ?? outcome})` : message;
  return { outcome, code, message: words.slice(0, MESSAGE_LENGTH_MAX) };
}

/** What an HTTP status alone says, for an error body that says nothing. */
export function outcomeOfStatus(status: number): Outcome {
  if (status === 401 || status === 403) return 'unauthorized';
  if (status === 402) return 'payment_required';
  if (status === 404) return 'not_found';
  if (status === 429) return 'rate_limited';
  if (status === 503 || status === 529) return 'overloaded';
  if (status === 408 || status >= 500) return 'server_error';
  return status >= 400 ? 'invalid_request' : 'bad_response';
}

/**
 * An error inside a stream whose status was 200. What the provider's servers got wrong is one outcome; a rate limit or
 * a fault of the request stays what it is, because neither may open the breaker.
 */
export function inBand(failure: ProviderFailure): ProviderFailure {
  const { fault, trips } = OUTCOME_TRAITS[failure.outcome];
  return fault === 'provider' && trips ? { ...failure, outcome: 'stream_error' } : failure;
}
