import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** An answer that may be given again. */
export interface KeptAnswer {
  readonly status: number;
  /** Of the request that it was made for: its facts are in the log. */
  readonly requestId: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const CIPHER = 'aes-256-gcm';
/** First byte of what is sealed: how it was. */
const VERSION = 1;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_LENGTH_BYTES = 4;

/** Seals the answers of one tenant for a store that anybody may read: AES-256-GCM (NIST SP 800-38D), fresh IV each. */
export class AnswerSeal {
  /** @param key 32 bytes that the tenant uses for nothing else. */
  constructor(private readonly key: Uint8Array) {}

  /** Bound to the name under which it is kept: it opens under no other. */
  seal({ body, ...head }: KeptAnswer, name: string): Buffer {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(CIPHER, this.key, iv).setAAD(Buffer.from(name));
    const headBytes = Buffer.from(JSON.stringify(head));
    const length = Buffer.alloc(HEAD_LENGTH_BYTES);
    length.writeUInt32BE(headBytes.length);
    const sealed = [cipher.update(length), cipher.update(headBytes), cipher.update(body), cipher.final()];
    return Buffer.concat([Buffer.of(VERSION), iv, cipher.getAuthTag(), ...sealed]);
  }

  /** Null for what was sealed otherwise, elsewhere, or has been changed. */
  open(sealed: Uint8Array, name: string): KeptAnswer | null {
    const bytes = Buffer.from(sealed);
    if (bytes[0] !== VERSION) return null;
    const [ivEnd, tagEnd] = [1 + IV_BYTES, 1 + IV_BYTES + TAG_BYTES];
    try {
      const cipher = createDecipheriv(CIPHER, this.key, bytes.subarray(1, ivEnd), { authTagLength: TAG_BYTES });
      cipher.setAAD(Buffer.from(name)).setAuthTag(bytes.subarray(ivEnd, tagEnd));
      const plain = Buffer.concat([cipher.update(bytes.subarray(tagEnd)), cipher.final()]);
      const headEnd = HEAD_LENGTH_BYTES + plain.readUInt32BE();
      const head = JSON.parse(plain.toString('utf8', HEAD_LENGTH_BYTES, headEnd)) as Omit<KeptAnswer, 'body'>;
      return { ...head, body: plain.subarray(headEnd) };
    } catch {
      return null;
    }
  }
}
