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
});
