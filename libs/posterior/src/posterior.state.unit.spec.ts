import fc from 'fast-check';
import {
  EVIDENCE_FLOOR,
  fadeTo,
  isSoundPosterior,
  NO_EVIDENCE,
  tickOf,
  UTILITY_FADE,
  type PosteriorState,
} from './posterior.state.js';

const learnt: PosteriorState = {
  tick: 1_000,
  health: { successes: 40, failures: 8 },
  utility: { n: 24, sum: 12, sumSquares: 8 },
};

const count = fc.double({ min: 0.01, max: 1e6, noNaN: true });
const states = fc.record({
  tick: fc.integer({ min: 0, max: 1_000 }),
  health: fc.record({ successes: count, failures: count }),
  utility: fc.record({ n: count, sum: count, sumSquares: count }),
});

describe('fading of evidence', () => {
  it('halves health in five minutes and utility in six hours', () => {
    expect(fadeTo(learnt, 1_030).health.successes).toBeCloseTo(20, 11);
    expect(fadeTo(learnt, 1_030).health.failures).toBeCloseTo(4, 11);
    const sixHoursLater = fadeTo(learnt, 3_160).utility;
    expect(sixHoursLater.n).toBeCloseTo(12, 9);
    expect(sixHoursLater.sum).toBeCloseTo(6, 9);
    expect(sixHoursLater.sumSquares).toBeCloseTo(4, 9);
  });

  it('is the same to the bit in one step and in many', () => {
    const steps = fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 6 });
    fc.assert(
      fc.property(states, steps, (state, ticks) => {
        const end = ticks.reduce((sum, step) => sum + step, state.tick);
        const stepwise = ticks.reduce((faded, step) => fadeTo(faded, faded.tick + step), state);
        expect(stepwise).toEqual(fadeTo(state, end));
      }),
    );
  });

  it('never moves a state back in time', () => {
    expect(fadeTo(learnt, 999)).toBe(learnt);
    expect(fadeTo(learnt, 1_000)).toBe(learnt);
  });

  it('keeps the mean of the reward', () => {
    const { n, sum } = fadeTo(learnt, 9_000).utility;
    expect(sum / n).toBeCloseTo(0.5, 12);
  });

  it('forgets evidence that has become too little to count, all three sums together', () => {
    const ticks = Math.ceil(Math.log(EVIDENCE_FLOOR / learnt.utility.n) / Math.log(UTILITY_FADE));
    expect(fadeTo(learnt, learnt.tick + ticks - 1).utility.n).toBeGreaterThanOrEqual(EVIDENCE_FLOOR);
    expect(fadeTo(learnt, learnt.tick + ticks)).toEqual({ ...NO_EVIDENCE, tick: learnt.tick + ticks });
  });

  it('has nothing to fade where nothing was learnt, however long ago that was', () => {
    expect(fadeTo(NO_EVIDENCE, tickOf(Date.UTC(2026, 0)))).toEqual({ ...NO_EVIDENCE, tick: 176_722_560 });
  });
});

describe('soundness of a state', () => {
  it('holds for what a fold can reach', () => {
    expect([NO_EVIDENCE, learnt, fadeTo(learnt, 2_000)].every(isSoundPosterior)).toBe(true);
  });

  it.each([
    ['a count that is no number', { ...learnt, health: { successes: NaN, failures: 0 } }],
    ['an endless count', { ...learnt, health: { successes: 1, failures: Infinity } }],
    ['a negative count', { ...learnt, health: { successes: -1, failures: 0 } }],
    ['more reward than answers', { ...learnt, utility: { n: 1, sum: 2, sumSquares: 1 } }],
    ['squares above the rewards', { ...learnt, utility: { n: 2, sum: 1, sumSquares: 2 } }],
    ['half a tick', { ...learnt, tick: 0.5 }],
    ['a tick before time began', { ...learnt, tick: -1 }],
  ])('fails for %s', (_, state) => {
    expect(isSoundPosterior(state)).toBe(false);
  });
});
