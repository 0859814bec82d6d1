import fc from 'fast-check';
import { isoTime } from './clock.js';

describe('isoTime', () => {
  it('writes what Date does, whatever was written before', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 4_102_444_800_000 }), { minLength: 1 }), (times) => {
        const near = times.flatMap((time) => [time, time + 1, time + 999]);
        expect(near.map(isoTime)).toEqual(near.map((time) => new Date(time).toISOString()));
      }),
    );
  });
});
