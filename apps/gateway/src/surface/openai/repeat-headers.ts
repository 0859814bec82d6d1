import { refusedField } from './refused-field.js';

/** Longest idempotency key, as most APIs have it. */
const KEY_LENGTH_MAX = 255;
const NAME = 'Idempotency-Key';

/**
 * The caller's idempotency key; null without one. A stream cannot be given again as it was, and a key that only kept
 * two streams from running at once would promise more than it holds.
 *
 * @throws GatewayError 400 for a key that is too long, or one with a stream.
 */
export function idempotencyKeyOf(header: string | string[] | undefined, stream: boolean): string | null {
  const key = Array.isArray(header) ? header.join(', ') : header;
  if (key === undefined || key === '') return null;
  if (key.length > KEY_LENGTH_MAX) {
    throw refusedField('invalid_value', `"${NAME}" is longer than ${KEY_LENGTH_MAX} characters.`, NAME);
  }
  if (stream) {
    const message = `A stream cannot be answered again: leave out "${NAME}", or send "stream": false.`;
    throw refusedField('unsupported_parameter', message, NAME);
  }
  return key;
}
