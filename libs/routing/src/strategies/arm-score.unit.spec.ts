import fc from 'fast-check';
import { DEFAULT_POLICY, routedPolicy } from '../policy.js';
import { armScore, type ScoredEvidence } from './arm-score.js';

const policy = routedPolicy(DEFAULT_POLICY, { objective: 'balanced', stream: true });
const unknown: ScoredEvidence = {
  health: { alpha: 1, beta: 1 },
  utility: { n: 0, sum: 0, sum_squares: 0 },
  expected_cost_nano_usd: '2000000',
};

const evidence = fc
  .record({
    alpha: fc.double({ min: 1, max: 1e5, noNaN: true }),
    beta: fc.double({ min: 1, max: 1e5, noNaN: true }),
    n: fc.double({ min: 0, max: 1e6, noNaN: true }),
    mean: fc.double({ min: 0, max: 1, noNaN: true }),
    spread: fc.double({ min: 0, max: 1, noNaN: true }),
    cost: fc.option(fc.bigInt({ min: 0n, max: 10n ** 12n })),
  })
  .map(({ alpha, beta, n, mean, spread, cost }): ScoredEvidence => ({
    health: { alpha, beta },
    utility: { n, sum: n * mean, sum_squares: n * (mean * mean + spread * mean * (1 - mean)) },
    expected_cost_nano_usd: cost?.toString() ?? null,
  }));

describe('the score of an arm', () => {
  it('matches mean and variance of health × reward for an unknown candidate', () => {
    // H uniform; R = ¾·U + ¼·½ with U of mean ½ and variance 1/12.
    const reward = 0.75 * 0.5 + 0.25 * 0.5;
    const rewardVariance = 0.75 ** 2 / 12;
    const mean = 0.5 * reward;
    const variance = (1 / 3) * (rewardVariance + reward ** 2) - mean ** 2;
    const score = armScore(unknown, policy);
    expect(score.mean).toBeCloseTo(mean, 14);
    expect(score.a / (score.a + score.b)).toBeCloseTo(mean, 14);
    expect((mean * (1 - mean)) / (score.a + score.b + 1)).toBeCloseTo(variance, 14);
  });

  it('approaches the sharpest belief allowed as evidence grows, at the mean of what was seen', () => {
    const known = { ...unknown, health: { alpha: 1e7, beta: 1 }, utility: { n: 1e7, sum: 8e6, sum_squares: 6.4e6 } };
    const { a, b, mean } = armScore(known, policy);
    expect(mean).toBeCloseTo(0.75 * 0.8 + 0.25 * 0.5, 5);
    expect(a + b).toBeCloseTo(4_096, 6);
  });

  it('counts half the cost reward at the scale, none without a price', () => {
    const at = (cost: string | null) => armScore({ ...unknown, expected_cost_nano_usd: cost }, policy).mean;
    expect(at('0') - at('2000000')).toBeCloseTo(0.5 * 0.25 * 0.5, 14);
    expect(at('2000000') - at(null)).toBeCloseTo(0.5 * 0.25 * 0.5, 14);
  });

  it('leaves no hope to a candidate that is sure to earn nothing', () => {
    const costOnly = { ...policy, weights: { latency: 0, cost: 1 } };
    const { a, b, mean } = armScore({ ...unknown, expected_cost_nano_usd: null }, costOnly);
    expect([mean, a, b]).toEqual([0, 0.6, 4_096]);
  });

  it('is a Beta that the quadrature can take, whatever the evidence', () => {
    fc.assert(
      fc.property(evidence, fc.constantFrom('balanced', 'cost', 'latency', 'quality'), (seen, objective) => {
        const { a, b } = armScore(seen, routedPolicy(DEFAULT_POLICY, { objective, stream: false }));
        expect(a).toBeGreaterThanOrEqual(0.6);
        expect(b).toBeGreaterThanOrEqual(0.6);
        expect(a + b).toBeLessThanOrEqual(4_096 + 1.2);
      }),
    );
  });
});
