import { hash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** Prefixes of keys that gateways of this family have issued; all are accepted, only the first is minted. */
const API_KEY_PREFIXES = ['sk-igris-', 'ig_', 'llmg_'] as const;

/** Longest key that is looked at, so that a huge header costs no hashing. */
const KEY_LENGTH_MAX = 256;

/** SHA-256 of a key in base64: what is stored, and what keys are found by. 256-bit keys need no salt or stretching. */
export function hashApiKey(key: string): string {
  return hash('sha256', key, 'base64');
}

/**
 * The credential a request carries: `Authorization: Bearer …` (RFC 6750), else `x-api-key`. Undefined when it has none.
 */
export function readApiKey(headers: IncomingHttpHeaders): string | undefined {
  const { authorization } = headers;
  if (authorization !== undefined && /^bearer /i.test(authorization))
    return authorization.slice('bearer '.length).trim();
  const key = headers['x-api-key'];
  return typeof key === 'string' && key !== '' ? key : undefined;
}

/** Whether a string could be one of our keys at all. */
export function looksLikeApiKey(key: string): boolean {
  return key.length <= KEY_LENGTH_MAX && API_KEY_PREFIXES.some((prefix) => key.startsWith(prefix));
}
