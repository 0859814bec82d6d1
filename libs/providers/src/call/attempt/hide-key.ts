import type { Secret } from '#contracts';

/** Shorter keys (of servers that want none) would blank ordinary words. */
const KEY_LENGTH_MIN = 8;
const HIDDEN = '[secret]';

/**
 * A provider's words without our key in them: some echo the key that they refuse. Also hides a beginning of it at the
 * end, where a long message was cut off.
 */
export function hideKey(words: string, authentication: { readonly value: Secret } | null): string {
  const key = authentication?.value.reveal().replace(/^Bearer /, '') ?? '';
  if (key.length < KEY_LENGTH_MIN) return words;
  const hidden = words.replaceAll(key, HIDDEN);
  for (let length = Math.min(key.length - 1, hidden.length); length >= KEY_LENGTH_MIN; length--) {
    if (hidden.endsWith(key.slice(0, length))) return hidden.slice(0, -length) + HIDDEN;
  }
  return hidden;
}
