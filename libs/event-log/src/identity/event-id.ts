import { hash } from 'node:crypto';

/** Namespace of Igris Overture's event ids; a random UUID, fixed for ever. */
const NAMESPACE = Buffer.from('8f3c1d5e6b7a4c2e9d10f4a2b3c85e71', 'hex');
const NAME_BYTES_MAX = 1_024;
/** Namespace and name side by side. One for all calls: three ids a request add up, and most of each was allocation. */
const scratch = Buffer.concat([NAMESPACE, Buffer.alloc(NAME_BYTES_MAX)]);
/** First digit of the fourth group with the variant's bits (10xx) in place, by its digit before. */
const VARIANT = '89ab89ab89ab89ab';

/**
 * The id of one fact about one request: uuidv5 (RFC 9562 §5.5), so that whoever appends the same fact again, after a
 * timeout or a crash, appends it under the same id. `attempt` is 0 for facts of which a request has only one.
 */
export function eventId(requestId: string, kind: string, attempt = 0): string {
  const hex = hash('sha1', nameInNamespace(`${requestId}/${kind}/${attempt}`), 'hex');
  const variant = VARIANT[Number.parseInt(hex[16] ?? '0', 16)];
  return (
    `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-` +
    `${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
  );
}

function nameInNamespace(name: string): Uint8Array {
  // A UTF-16 unit takes three bytes of UTF-8 at most.
  if (name.length * 3 > NAME_BYTES_MAX) return Buffer.concat([NAMESPACE, Buffer.from(name)]);
  return scratch.subarray(0, NAMESPACE.length + scratch.write(name, NAMESPACE.length));
}
