import fc from 'fast-check';
import { drawCandidate } from './draw-candidate.js';

const three = [0.2, 0, 0.8].map((probability, index) => ({ id: index, probability }));

describe('the draw', () => {
  it('lays the shares end to end and takes the one the uniform falls into', () => {
    expect([0, 0.1999999, 0.2, 0.9999999].map((uniform) => drawCandidate(three, uniform)?.id)).toEqual([0, 0, 2, 2]);
  });

  it('never takes a candidate without a share, even when rounding leaves the shares short of 1', () => {
    const short = [0.3, 0.7 - 1e-12, 0].map((probability, index) => ({ id: index, probability }));
    expect(drawCandidate(short, 1 - 2 ** -53)?.id).toBe(1);
  });

  it('takes everyone about as often as the shares say', () => {
    const shares = fc.array(fc.double({ min: 0.01, max: 1, noNaN: true }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(shares, (raw) => {
        const total = raw.reduce((sum, share) => sum + share, 0);
        const candidates = raw.map((share, id) => ({ id, probability: share / total }));
        const counts = raw.map(() => 0);
        for (let step = 0; step < 1_000; step++) {
          const id = drawCandidate(candidates, (step + 0.5) / 1_000)?.id as number;
          counts[id] = (counts[id] as number) + 1;
        }
        counts.forEach((count, id) => expect(count / 1_000).toBeCloseTo(candidates[id]?.probability as number, 2));
      }),
      { numRuns: 50 },
    );
  });
});
