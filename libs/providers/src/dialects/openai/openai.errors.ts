import type { Outcome } from '#contracts';
import type { ProviderFailure } from '../dialect.port.js';
import type { FamilyMember } from './openai-family.js';
import { isRecord, nameOrNull, textOrNull } from './openai.wire.js';

const MESSAGE_LENGTH_MAX = 500;
const BODY_BYTES_READ = 64 * 1024;

/** What a provider said went wrong, from whichever of the family's shapes it came in. */
interface ToldError {
  readonly codes: readonly string[];
  readonly message: string | null;
}

/** https://platform.openai.com/docs/guides/error-codes, and names that several members share. */
const OUTCOME_OF_CODE: Readonly<Record<string, Outcome>> = {
  context_length_exceeded: 'context_length_exceeded',
  content_filter: 'content_filtered',
  content_policy_violation: 'content_filtered',
  insufficient_quota: 'payment_required',
  billing_hard_limit_reached: 'payment_required',
  billing_not_active: 'payment_required',
  invalid_api_key: 'unauthorized',
  model_not_found: 'not_found',
  rate_limit_exceeded: 'rate_limited',
};

/** Refusals that carry no code of their own, told by the words that members document or are known to use. */
const OUTCOME_OF_WORDS: readonly { readonly words: RegExp; readonly outcome: Outcome }[] = [
  {
    words: /context (?:length|window)|maximum (?:context|prompt)|prompt is too long|model token limit/i,
    outcome: 'context_length_exceeded',
  },
  { words: /input token length|range of input length/i, outcome: 'context_length_exceeded' },
  {
    words: /considered high risk|usage guidelines|content (?:management )?policy|inappropriate content/i,
    outcome: 'content_filtered',
  },
  {
    words: /(?:used all available|insufficient) credits|insufficient balance|spending limit/i,
    outcome: 'payment_required',
  },
  { words: /(?:incorrect|invalid) api key/i, outcome: 'unauthorized' },
];

/** Reads a non-2xx answer of any member: OpenAI's shape, another one, or no JSON at all. */
export function readFailure(status: number, body: Buffer, member: FamilyMember): ProviderFailure {
  const told = readError(parseBody(body));
  const outcome = outcomeOf(told, outcomeOfStatus(status), member) ?? 'bad_response';
  return failureOf(told, outcome, `HTTP ${status} without a message`);
}

/** Reads an error that came in a 2xx body or in a stream; null when this is none. */
export function readInBandError(value: unknown, member: FamilyMember, otherwise: Outcome): ProviderFailure | null {
  if (!isRecord(value) || (!value['error'] && !isFailedBaseResponse(value))) return null;
  const told = readError(value);
  const status = Number(told.codes[0]);
  const outcome = outcomeOf(told, status >= 400 && status < 600 ? outcomeOfStatus(status) : null, member) ?? otherwise;
  return failureOf(told, outcome, 'the provider reported an error without a message');
}

const failureOf = ({ codes, message }: ToldError, outcome: Outcome, otherwise: string): ProviderFailure => ({
  outcome,
  code: nameOrNull(codes[0]),
  message: (message ?? otherwise).slice(0, MESSAGE_LENGTH_MAX),
});

/** JSON, or the plain text that a proxy answers with; markup says nothing that a caller could use. */
function parseBody(body: Buffer): unknown {
  const text = body.toString('utf8', 0, BODY_BYTES_READ).trim();
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return { message: text.startsWith('<') ? null : text };
  }
}

/**
 * - `{error: {message, type, code}}`: OpenAI and most; OpenRouter puts the status into `code`
 * - `{error: "…", code: "…"}`: xAI
 * - `{message, type, code}` or `{message: {detail}}`: Mistral
 * - `{detail: "…"}` or `{detail: [{loc, msg}]}`: FastAPI, so Mistral's 422 and many custom servers
 * - `{base_resp: {status_code, status_msg}}`: MiniMax
 */
function readError(value: unknown): ToldError {
  if (!isRecord(value)) return { codes: [], message: null };
  if (isFailedBaseResponse(value)) {
    return { codes: codesOf(value.base_resp.status_code), message: textOrNull(value.base_resp.status_msg) };
  }
  const error = isRecord(value['error']) ? value['error'] : value;
  const message = textOrNull(value['error']) ?? readMessage(error['message']) ?? readMessage(value['detail']);
  return { codes: codesOf(error['code'], error['type']), message };
}

interface FailedBaseResponse {
  readonly base_resp: { readonly status_code: number; readonly status_msg?: unknown };
}

function isFailedBaseResponse(value: object): value is FailedBaseResponse {
  const base = (value as { base_resp?: unknown }).base_resp;
  return isRecord(base) && typeof base['status_code'] === 'number' && base['status_code'] !== 0;
}

const codesOf = (...codes: readonly unknown[]): string[] =>
  codes.filter((code) => typeof code === 'number' || textOrNull(code) !== null).map(String);

const readMessage = (value: unknown): string | null => readDetail(isRecord(value) ? value['detail'] : value);

function readDetail(detail: unknown): string | null {
  if (!Array.isArray(detail)) return textOrNull(detail);
  return textOrNull(detail.filter(isRecord).map(readValidationError).join('; '));
}

function readValidationError({ loc, msg }: Readonly<Record<string, unknown>>): string {
  const place = Array.isArray(loc)
    ? loc.filter((step) => typeof step === 'string' || typeof step === 'number').join('.')
    : '';
  return `${place}: ${textOrNull(msg) ?? 'invalid'}`;
}

/** What the code says; where it says nothing, or no more than that the request was refused, what the words say. */
function outcomeOf({ codes, message }: ToldError, byStatus: Outcome | null, member: FamilyMember): Outcome | null {
  const byCode = codes.map((code) => outcomeOfCode(code, member.errorCodes)).find((outcome) => outcome !== null);
  if (byCode !== undefined && byCode !== 'invalid_request') return byCode;
  const outcome = byCode ?? byStatus;
  if (message === null || (outcome !== null && !VAGUE.has(outcome))) return outcome;
  return OUTCOME_OF_WORDS.find(({ words }) => words.test(message))?.outcome ?? outcome;
}
const VAGUE: ReadonlySet<Outcome> = new Set(['invalid_request', 'unauthorized', 'rate_limited']);

function outcomeOfCode(code: string, errorCodes: FamilyMember['errorCodes']): Outcome | null {
  if (Object.hasOwn(errorCodes, code)) return errorCodes[code]!;
  return Object.hasOwn(OUTCOME_OF_CODE, code) ? OUTCOME_OF_CODE[code]! : null;
}

function outcomeOfStatus(status: number): Outcome {
  if (status === 401 || status === 403) return 'unauthorized';
  if (status === 402) return 'payment_required';
  if (status === 404) return 'not_found';
  if (status === 429) return 'rate_limited';
  if (status === 503 || status === 529) return 'overloaded';
  if (status === 408 || status >= 500) return 'server_error';
  return status >= 400 ? 'invalid_request' : 'bad_response';
}
