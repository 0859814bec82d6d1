import { createHash } from 'node:crypto';
import { Secret } from '#contracts';

const PREFIX = 'sk-igris-';
/** Characters after the prefix that are shown for recognition: 24 of 256 bits. */
const SHOWN_LENGTH = 4;
const SECRET_BYTES = 32;

/** A new key of 256 bits, to be shown once. */
export function mintApiKey(randomBytes: (size: number) => Buffer): Secret {
  return new Secret(`${PREFIX}${randomBytes(SECRET_BYTES).toString('base64url')}`);
}

/** What is kept of a key: enough to find and to recognise it, not to use it. */
export function storedFormOf(key: Secret): { readonly hash: Buffer; readonly prefix: string } {
  const clear = key.reveal();
  return {
    hash: createHash('sha256').update(clear).digest(),
    prefix: clear.slice(0, PREFIX.length + SHOWN_LENGTH),
  };
}
