import type { Outcome } from '#contracts';
import type { ProviderFailure } from '../dialect.port.js';
import { asName, asRecord, asText, parseJson } from '../translation/json-value.js';
import { outcomeOfStatus, providerFailure } from '../translation/provider-failure.js';
import type { AnthropicError } from './anthropic.wire.js';

/** @see https://platform.claude.com/docs/en/api/errors */
const OUTCOME_OF_TYPE: Readonly<Record<string, Outcome>> = {
  invalid_request_error: 'invalid_request',
  authentication_error: 'unauthorized',
  permission_error: 'unauthorized',
  billing_error: 'payment_required',
  not_found_error: 'not_found',
  request_too_large: 'invalid_request',
  rate_limit_error: 'rate_limited',
  timeout_error: 'server_error',
  api_error: 'server_error',
  overloaded_error: 'overloaded',
};

/** `invalid_request_error` is one type for many causes; the words tell them apart. */
const OUTCOME_OF_WORDS: readonly (readonly [RegExp, Outcome])[] = [
  [/prompt is too long|exceeds? (?:the )?(?:model's )?(?:maximum )?context/i, 'context_length_exceeded'],
  [/credit balance is too low|usage limits?\b|spend limit/i, 'payment_required'],
  [/content filtering policy/i, 'content_filtered'],
];

/** Reads an error answer; its body may be a proxy's page as well. */
export function readAnthropicFailure(status: number, body: Buffer): ProviderFailure {
  const error = asRecord(parseJson(body.toString()))?.error;
  return convertAnthropicError(error, outcomeOfStatus(status));
}

/** Reads the `error` object of an answer or of a stream event. */
export function convertAnthropicError(value: unknown, otherwise: Outcome): ProviderFailure {
  const error = asRecord<AnthropicError>(value);
  const type = asName(error?.type);
  const message = asText(error?.message);
  const code = asName(asRecord(error?.details)?.error_code) ?? type;
  return providerFailure(outcomeOf(type, { code, message }) ?? otherwise, code, message);
}

function outcomeOf(
  type: string | null,
  { code, message }: { code: string | null; message: string | null },
): Outcome | undefined {
  // The monthly spend limit answers like a rate limit, but waiting does not lift it.
  if (code === 'enforced_spend_limit_reached') return 'payment_required';
  if (type === null || !Object.hasOwn(OUTCOME_OF_TYPE, type)) return undefined;
  const byWords = OUTCOME_OF_WORDS.find(([words]) => words.test(message ?? ''));
  return type === 'invalid_request_error' && byWords !== undefined ? byWords[1] : OUTCOME_OF_TYPE[type];
}
