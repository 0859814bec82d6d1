import { DEFAULT_POLICY, routedPolicy } from '../policy.js';
import { findStrategy, isDrawn, STRATEGIES } from './strategy.registry.js';
import type { WeighedCandidate } from './strategy.js';

const policy = routedPolicy(DEFAULT_POLICY, { objective: 'balanced', stream: true });

const candidate = (id: string, over: Partial<WeighedCandidate> = {}): WeighedCandidate => ({
  id,
  connection: id,
  provider: 'openai',
  model: 'm',
  health: { alpha: 10, beta: 1 },
  utility: { n: 10, sum: 5, sum_squares: 3 },
  expected_cost_nano_usd: '1000',
  weight: 1,
  score: { a: 5, b: 5 },
  ...over,
});

describe('strategies', () => {
  it.each(Object.entries(STRATEGIES))('%s gives one share per candidate, adding up to 1', (_, strategy) => {
    for (const count of [1, 2, 5]) {
      const shares = strategy.shares(
        Array.from({ length: count }, (_unused, index) => candidate(`c${index}`)),
        policy,
      );
      expect(shares).toHaveLength(count);
      expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
    }
  });

  it('thompson-sampling prefers the better belief without ruling the other out', () => {
    const [good, poor] = STRATEGIES['thompson-sampling'].shares(
      [candidate('a', { score: { a: 20, b: 5 } }), candidate('b', { score: { a: 5, b: 5 } })],
      policy,
    ) as [number, number];
    expect(good).toBeGreaterThan(0.9);
    expect(poor).toBeGreaterThan(0);
  });

  it('cost takes the lowest price per answer, shares ties, and puts the unpriced last', () => {
    const shares = STRATEGIES.cost.shares(
      [
        candidate('dear', { expected_cost_nano_usd: '2000' }),
        candidate('cheap'),
        candidate('as-cheap'),
        candidate('cheap-but-down', { expected_cost_nano_usd: '900', health: { alpha: 5, beta: 5 } }),
        candidate('unpriced', { expected_cost_nano_usd: null }),
      ],
      policy,
    );
    expect(shares).toEqual([0, 0.5, 0.5, 0, 0]);
  });

  it('cost is even when nobody has a price', () => {
    const unpriced = { expected_cost_nano_usd: null };
    expect(STRATEGIES.cost.shares([candidate('a', unpriced), candidate('b', unpriced)], policy)).toEqual([0.5, 0.5]);
  });

  it('latency takes the fastest that works, whatever it costs', () => {
    const shares = STRATEGIES.latency.shares(
      [
        candidate('slow'),
        candidate('fast-but-down', { utility: { n: 10, sum: 9.5, sum_squares: 9.2 }, health: { alpha: 1, beta: 9 } }),
        candidate('fast', { utility: { n: 10, sum: 9, sum_squares: 8.5 }, expected_cost_nano_usd: '99000000' }),
      ],
      policy,
    );
    expect(shares).toEqual([0, 0, 1]);
  });

  it('weighted follows the weights, and is even when none of those left has any', () => {
    const weights = (...all: number[]) =>
      STRATEGIES.weighted.shares(
        all.map((weight, index) => candidate(`c${index}`, { weight })),
        policy,
      );
    expect(weights(3, 1, 0)).toEqual([0.75, 0.25, 0]);
    expect(weights(0, 0)).toEqual([0.5, 0.5]);
  });

  it('pinned is the only one that is not drawn', () => {
    expect(Object.keys(STRATEGIES).filter((strategy) => !isDrawn({ strategy }))).toEqual(['pinned']);
    expect(STRATEGIES.pinned.shares([candidate('a'), candidate('b', { weight: 2 }), candidate('c')], policy)).toEqual([
      0, 1, 0,
    ]);
  });

  it('are found by their own name only', () => {
    expect(findStrategy('cost')).toBe(STRATEGIES.cost);
    expect(findStrategy('toString')).toBeUndefined();
  });
});
