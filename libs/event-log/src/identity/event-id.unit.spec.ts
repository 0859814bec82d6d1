import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { eventId } from './event-id.js';

const REQUEST = '019a1b2c-3d4e-7f50-8a1b-2c3d4e5f6071';

describe('an event id', () => {
  it('is a UUID of version 5', () => {
    expect(eventId(REQUEST, 'RequestRouted')).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  });

  it('is the SHA-1 of namespace and name, as RFC 9562 says, whatever the request, the kind and the attempt are', () => {
    const request = fc.oneof(fc.uuid(), fc.string({ unit: 'binary', minLength: 34, maxLength: 37 }), fc.string());
    const kind = fc.oneof(fc.constantFrom('RequestRouted', 'ProviderResponded'), fc.string());
    const attempt = fc.oneof(fc.nat(20), fc.integer());
    fc.assert(
      fc.property(request, kind, attempt, (requestId, name, number) => {
        const digest = createHash('sha1')
          .update(Buffer.from('8f3c1d5e6b7a4c2e9d10f4a2b3c85e71', 'hex'))
          .update(`${requestId}/${name}/${number}`)
          .digest('hex');
        const id = eventId(requestId, name, number).replaceAll('-', '');
        expect(id.slice(0, 12)).toBe(digest.slice(0, 12));
        expect(id.slice(13, 16)).toBe(digest.slice(13, 16));
        expect(id.slice(17)).toBe(digest.slice(17, 32));
      }),
    );
  });

  // Fixed for ever: a replica that restarts with another version must find its own facts again.
  it('never changes', () => {
    expect(eventId(REQUEST, 'RequestRouted')).toBe('b4cf4db9-485b-590b-917d-6332932cbae3');
  });

  it('tells requests, kinds and attempts apart', () => {
    const fact = fc.tuple(fc.uuid(), fc.constantFrom('RequestRouted', 'ProviderResponded'), fc.nat(9));
    fc.assert(
      fc.property(fact, fact, (left, right) => {
        expect(eventId(...left) === eventId(...right)).toBe(left.join() === right.join());
      }),
    );
  });
});
