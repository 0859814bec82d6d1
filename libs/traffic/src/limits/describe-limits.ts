import { GatewayError } from '#contracts';
import { msToNextMinute, type LimitKind, type LimitReading, type LimitVerdict } from './rate-limit.js';

/** A place may become free at any time: ask again soon. */
const PLACE_FREE_AFTER_MS = 1_000;

/**
 * OpenAI's headers (https://platform.openai.com/docs/guides/rate-limits): of all rules the one that leaves least, and
 * the time until its window ends. It has none for requests at the same time.
 */
export function limitHeaders(readings: readonly LimitReading[], epochMs: number): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const kind of ['requests', 'tokens'] as const) {
    const tightest = readings
      .filter((reading) => reading.kind === kind)
      .reduce<LimitReading | null>((least, next) => (least && least.remaining <= next.remaining ? least : next), null);
    if (tightest === null) continue;
    headers[`x-ratelimit-limit-${kind}`] = String(tightest.limit);
    headers[`x-ratelimit-remaining-${kind}`] = String(tightest.remaining);
    headers[`x-ratelimit-reset-${kind}`] = durationText(msToNextMinute(epochMs));
  }
  return headers;
}

/** As OpenAI writes it: `59.3s`, or `120ms` below a second. */
const durationText = (ms: number): string => (ms < 1000 ? `${ms}ms` : `${ms / 1000}s`);

const WORDS: Readonly<Record<LimitKind, string>> = {
  requests: 'requests a minute',
  tokens: 'tokens a minute',
  concurrent: 'requests at the same time',
};

/** What a caller is told whom a rule stops. */
export function refusalOf({ refusal, readings }: LimitVerdict, epochMs: number): GatewayError | null {
  if (refusal === null) return null;
  const { kind, rule, limit, remaining } = refusal;
  const retryAfterMs = kind === 'concurrent' ? PLACE_FREE_AFTER_MS : msToNextMinute(epochMs);
  const message =
    `The limit "${rule}" of ${limit} ${WORDS[kind]} leaves ${remaining}, which is too little for this request: ` +
    'retry after the time given.';
  return new GatewayError('rate_limit_exceeded', message, {
    retryAfterMs,
    headers: limitHeaders([...readings.filter((reading) => reading !== refusal), refusal], epochMs),
  });
}
