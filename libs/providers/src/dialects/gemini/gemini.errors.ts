import type { Outcome } from '#contracts';
import type { ProviderFailure } from '../dialect.port.js';
import { asList, asName, asRecord, asText, parseJson } from '../translation/json-value.js';
import { outcomeOfStatus, providerFailure } from '../translation/provider-failure.js';
import type { GeminiError } from './gemini.wire.js';

/** @see https://ai.google.dev/gemini-api/docs/generate-content/api-errors */
const OUTCOME_OF_STATUS: Readonly<Record<string, Outcome>> = {
  INVALID_ARGUMENT: 'invalid_request',
  OUT_OF_RANGE: 'invalid_request',
  // The account may not be used: from this country, or without a paid plan.
  FAILED_PRECONDITION: 'unauthorized',
  PERMISSION_DENIED: 'unauthorized',
  UNAUTHENTICATED: 'unauthorized',
  NOT_FOUND: 'not_found',
  RESOURCE_EXHAUSTED: 'rate_limited',
  INTERNAL: 'server_error',
  UNKNOWN: 'server_error',
  UNAVAILABLE: 'overloaded',
  DEADLINE_EXCEEDED: 'server_error',
};

/** One status covers many causes; reason and words tell them apart. A bad key is an INVALID_ARGUMENT, status 400. */
const OUTCOME_OF_WORDS: Readonly<Record<string, readonly (readonly [RegExp, Outcome])[]>> = {
  INVALID_ARGUMENT: [
    [/API_KEY_INVALID|api key (?:not valid|expired)/i, 'unauthorized'],
    [/token count .*exceeds the maximum/i, 'context_length_exceeded'],
  ],
  FAILED_PRECONDITION: [[/billing|paid plan/i, 'payment_required']],
  RESOURCE_EXHAUSTED: [[/credits are depleted|spend(?:ing)? (?:cap|limit)/i, 'payment_required']],
};

/** Reads an error answer; its body may be a proxy's page as well, or a list of one error. */
export function readGeminiFailure(status: number, body: Buffer): ProviderFailure {
  const parsed = parseJson(body.toString());
  const answer = asRecord(parsed) ?? asRecord(asList(parsed)[0]);
  return convertGeminiError(answer?.error, outcomeOfStatus(status));
}

/** Reads the `error` object of an answer or of a stream chunk. */
export function convertGeminiError(value: unknown, otherwise: Outcome): ProviderFailure {
  const error = asRecord<GeminiError>(value);
  const details = asList(error?.details).map((detail) => asRecord(detail) ?? {});
  const status = asName(error?.status);
  const reason = details.map((detail) => asName(detail.reason)).find((name) => name !== null);
  const message = asText(error?.message);
  const outcome = outcomeOf(status, `${reason ?? ''} ${message ?? ''}`) ?? otherwise;
  const retryAfterMs = details.map(({ retryDelay }) => readDelayMs(retryDelay)).find((delay) => delay !== undefined);
  return {
    ...providerFailure(outcome, reason ?? status, message),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
}

/** A protobuf duration, e.g. `34.07s`, as `google.rpc.RetryInfo` gives it; Gemini sends no `Retry-After` header. */
function readDelayMs(value: unknown): number | undefined {
  const seconds = /^(\d{1,6}(?:\.\d+)?)s$/.exec(asText(value) ?? '')?.[1];
  return seconds === undefined ? undefined : Math.ceil(Number(seconds) * 1000);
}

function outcomeOf(status: string | null, words: string): Outcome | undefined {
  if (status === null || !Object.hasOwn(OUTCOME_OF_STATUS, status)) return undefined;
  const byWords = (OUTCOME_OF_WORDS[status] ?? []).find(([pattern]) => pattern.test(words));
  return byWords?.[1] ?? OUTCOME_OF_STATUS[status];
}
