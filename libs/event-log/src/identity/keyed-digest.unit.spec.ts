import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { KeyedDigest } from './keyed-digest.js';

describe('keyed digest', () => {
  it('is HMAC-SHA-256, of a whole body and of its pieces', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.array(fc.uint8Array({ maxLength: 200 })), (key, pieces) => {
        const body = Buffer.concat(pieces);
        const expected = createHmac('sha256', key).update(body).digest('hex');
        const running = new KeyedDigest(key).begin();
        for (const piece of pieces) running.update(piece);

        expect(new KeyedDigest(key).of(body)).toBe(expected);
        expect(running.hex()).toBe(expected);
      }),
    );
  });

  it.each([16_383, 16_384, 16_385, 1_000_000])(
    'is the same of %d bytes, after a longer body as before it',
    (length) => {
      const key = Buffer.alloc(32, 7);
      const body = Buffer.alloc(length, 'body');
      const digest = new KeyedDigest(key);
      digest.of(Buffer.alloc(16_384, 'x'));
      expect(digest.of(body)).toBe(createHmac('sha256', key).update(body).digest('hex'));
    },
  );
});
