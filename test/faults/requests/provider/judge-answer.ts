import { ERROR_CATALOGUE } from '#contracts';
import type { RequestView } from '#read-models';
import type { Ending } from './misbehaviours.js';

/** Codes that are closed and say nothing here: it was neither the gateway nor a lack of candidates. */
const NEVER = new Set(['internal_error', 'no_provider_available']);
const ATTEMPTS_MAX = 3;

/** What a caller got, all of it. */
export interface Got {
  readonly status: number;
  readonly text: string;
  readonly stream: boolean;
}

/** How a request ended that is answered and booked as it should be; otherwise what is wrong with it, in words. */
export function judgeAnswer(got: Got, view: RequestView): { ending: Ending } | { wrong: string } {
  const found = got.status === 200 ? (got.stream ? endOfStream(got.text) : endOfWhole(got.text)) : refusalOf(got);
  if ('wrong' in found) return found;
  const wrong = findWrongBooking(view, found.ending);
  if (wrong !== null) return { wrong };
  const hasFailedOver = found.ending === 'answer' && view.attempts.length > 1;
  return hasFailedOver ? { ending: 'next' } : found;
}

type Found = { readonly ending: Ending } | { readonly wrong: string };

function endOfStream(text: string): Found {
  const events = text.replaceAll('\r\n', '\n').split('\n\n');
  if (events.pop() !== '') return { wrong: `the stream ends amid an event: ${text.slice(-200)}` };
  const data = events.filter((event) => !event.startsWith(':')).map((event) => event.replace(/^data: ?/, ''));
  const isDone = data.at(-1) === '[DONE]';
  for (const [index, event] of data.entries()) {
    const isLast = index === data.length - 1;
    if (isDone && isLast) return { ending: 'answer' };
    const { error } = (parse(event) ?? { error: { code: 'no JSON' } }) as { error?: { code?: unknown } };
    if (error === undefined) continue;
    return isLast && isClosed(error.code) ? { ending: 'cut' } : { wrong: `in the stream: ${event.slice(0, 200)}` };
  }
  return { wrong: `the stream has neither an end nor an error: ${text.slice(-200)}` };
}

function endOfWhole(text: string): Found {
  const body = parse(text) as { choices?: unknown } | null;
  return Array.isArray(body?.choices) ? { ending: 'answer' } : { wrong: `no completion: ${text.slice(0, 200)}` };
}

function refusalOf({ status, text }: Got): Found {
  const { error } = (parse(text) ?? {}) as { error?: { code?: unknown; message?: unknown } };
  const isTold = isClosed(error?.code) && typeof error?.message === 'string';
  return isTold && status >= 400 ? { ending: 'refusal' } : { wrong: `a ${status}: ${text.slice(0, 200)}` };
}

/** What was delivered is paid for, whole or cut; a refusal costs nothing. */
function findWrongBooking({ status, attempts, charge }: RequestView, ending: Ending): string | null {
  const outcomes = attempts.map(({ outcome }) => outcome);
  const told = `${status}, attempts ${outcomes.join(' ')}, charge ${charge?.state} ${charge?.amount_nano_usd}`;
  const isOk = (outcome: string): boolean => outcome === 'ok';
  const isBounded = attempts.length >= 1 && attempts.length <= ATTEMPTS_MAX;
  if (!isBounded || outcomes.slice(0, -1).some(isOk) || isOk(outcomes.at(-1) ?? '') !== (ending === 'answer'))
    return told;
  if (charge === null || charge.amount_nano_usd === null || BigInt(charge.amount_nano_usd) < 0n) return told;
  if ((ending === 'refusal') !== (charge.state === 'voided')) return told;
  return charge.state === 'voided' && charge.amount_nano_usd !== '0' ? told : null;
}

const isClosed = (code: unknown): boolean =>
  typeof code === 'string' && Object.hasOwn(ERROR_CATALOGUE, code) && !NEVER.has(code);

function parse(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}
