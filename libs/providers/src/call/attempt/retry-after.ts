import type { IncomingHttpHeaders } from 'node:http';

/** Longest wait that is believed; providers send days at times. */
const RETRY_AFTER_MAX_MS = 24 * 3600 * 1000;

/**
 * How long a provider asks us to stay away, in milliseconds: `retry-after-ms` (OpenAI), else `Retry-After` in seconds
 * or
 * as a date (RFC 9110 §10.2.3). Null when it says nothing usable.
 */
export function readRetryAfterMs(headers: IncomingHttpHeaders, nowMs: number): number | null {
  const milliseconds = Number(headers['retry-after-ms'] ?? Number.NaN);
  if (milliseconds >= 0) return Math.min(milliseconds, RETRY_AFTER_MAX_MS);
  const value = headers['retry-after'];
  if (value === undefined || value.trim() === '') return null;
  const seconds = Number(value);
  const wait = Number.isNaN(seconds) ? Date.parse(value) - nowMs : seconds * 1000;
  return Number.isNaN(wait) ? null : Math.min(Math.max(wait, 0), RETRY_AFTER_MAX_MS);
}
