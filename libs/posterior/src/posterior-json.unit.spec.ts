import fc from 'fast-check';
import { NO_EVIDENCE } from './posterior.state.js';
import { parsePosterior, serialisePosterior } from './posterior-json.js';

describe('the canonical JSON of a state', () => {
  it('has one fixed form', () => {
    expect(serialisePosterior(NO_EVIDENCE)).toBe(
      '{"tick":0,"health":{"successes":0,"failures":0},"utility":{"n":0,"sum":0,"sum_squares":0}}',
    );
  });

  it('gives the same bits back', () => {
    // No fold reaches −0, which JSON would turn into 0.
    const n = fc.double({ min: 0, max: 1e12, noNaN: true }).map((value) => value + 0);
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.nat(), n, n, share, (tick, successes, count, mean) => {
        const sum = count * mean;
        const state = {
          tick,
          health: { successes, failures: successes / 3 },
          utility: { n: count, sum, sumSquares: sum * mean },
        };
        expect(parsePosterior(serialisePosterior(state))).toEqual(state);
      }),
    );
  });

  it.each([
    ['no JSON', '{'],
    ['no object', 'null'],
    ['a missing factor', '{"tick":1,"health":{"successes":1,"failures":0}}'],
    [
      'text for a number',
      '{"tick":1,"health":{"successes":"1","failures":0},"utility":{"n":0,"sum":0,"sum_squares":0}}',
    ],
    [
      'null for a number',
      '{"tick":1,"health":{"successes":null,"failures":0},"utility":{"n":0,"sum":0,"sum_squares":0}}',
    ],
    ['a lost prior', '{"tick":1,"health":{"successes":-1,"failures":0},"utility":{"n":0,"sum":0,"sum_squares":0}}'],
  ])('is null for %s', (_, json) => {
    expect(parsePosterior(json)).toBeNull();
  });
});
