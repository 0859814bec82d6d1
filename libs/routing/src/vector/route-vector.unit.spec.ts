import fc from 'fast-check';
import { NO_EVIDENCE, type PosteriorState } from '#posterior';
import { DEFAULT_POLICY, OBJECTIVES, type RoutingPolicy } from '../policy.js';
import { STRATEGIES, type StrategyName } from '../strategies/strategy.registry.js';
import { computeRouteVector, type KnownCandidate } from './route-vector.js';

const known = (
  slug: string,
  posterior: PosteriorState = NO_EVIDENCE,
  cost: bigint | null = 1_000_000n,
): KnownCandidate => ({
  candidate: { id: `${slug}/m`, connection: slug, provider: 'openai', model: 'm', upstream: 'm-1' },
  posterior,
  expectedCostNanoUsd: cost,
});

const compute = (all: readonly KnownCandidate[], policy: RoutingPolicy = DEFAULT_POLICY, tick = 100) =>
  computeRouteVector({
    cell: 'cell',
    known: all,
    policy,
    kind: { objective: 'balanced', stream: true },
    tick,
    version: { partition: 3, nextOffset: 42n },
  });

const answers = (count: number, mean: number): PosteriorState => ({
  tick: 100,
  health: { successes: count, failures: 0 },
  utility: { n: count, sum: count * mean, sumSquares: count * mean * mean },
});

const posteriors = fc
  .record({ n: fc.double({ min: 0, max: 1e4, noNaN: true }), mean: fc.double({ min: 0, max: 1, noNaN: true }) })
  .map(({ n, mean }) => answers(n, mean));

describe('the vector of a cell', () => {
  it('adds up to 1 with at least ε/K for everyone, under every drawn strategy and objective', () => {
    const drawn = (Object.keys(STRATEGIES) as StrategyName[]).filter((name) => STRATEGIES[name].drawn);
    fc.assert(
      fc.property(
        fc.array(posteriors, { minLength: 1, maxLength: 8 }),
        fc.constantFrom(...drawn),
        fc.constantFrom(...OBJECTIVES),
        (states, strategy, objective) => {
          const all = states.map((state, index) =>
            known(`c${index}`, state, index === 1 ? null : BigInt(index) * 900_000n),
          );
          const { candidates } = computeRouteVector({
            cell: 'cell',
            known: all,
            policy: { ...DEFAULT_POLICY, strategy },
            kind: { objective, stream: false },
            tick: 200,
            version: { partition: 0, nextOffset: 0n },
          });
          expect(candidates.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 12);
          const floor = DEFAULT_POLICY.epsilon * (1 / all.length);
          expect(candidates.every(({ probability }) => probability >= floor && probability <= 1)).toBe(true);
        },
      ),
    );
  });

  it('lists candidates by id, ranks them by probability with ties by id, and carries their JSON', () => {
    const vector = compute([known('b'), known('c', answers(500, 0.9)), known('a')]);
    expect(vector.candidates.map(({ id }) => id)).toEqual(['a/m', 'b/m', 'c/m']);
    const { sharedJson, ranking, ...shared } = vector;
    expect(`{${sharedJson}}`).toBe(JSON.stringify(shared));
    expect(ranking).toEqual(['c/m', 'a/m', 'b/m']);
    expect(vector.posterior_version).toEqual({ partition: 3, next_offset: '42' });
  });

  it('logs the evidence as it stands at the decision, on top of the prior', () => {
    const [candidate] = compute([known('a', answers(40, 0.5))], DEFAULT_POLICY, 130).candidates;
    expect(candidate?.health.alpha).toBeCloseTo(21, 11);
    expect(candidate?.health.beta).toBe(1);
    expect(candidate?.utility.n).toBeCloseTo(40 * 2 ** (-30 / 2_160), 9);
    expect(candidate?.expected_cost_nano_usd).toBe('1000000');
  });

  it('puts everything on the heaviest under `pinned`, without a floor', () => {
    const policy: RoutingPolicy = { ...DEFAULT_POLICY, strategy: 'pinned', candidateWeights: { 'b/m': 2 } };
    expect(compute([known('a'), known('b'), known('c')], policy).candidates.map((one) => one.probability)).toEqual([
      0, 1, 0,
    ]);
  });

  it('is even under a strategy that nobody knows', () => {
    const policy = { ...DEFAULT_POLICY, strategy: 'astrology' as StrategyName };
    expect(compute([known('a', answers(9, 1)), known('b')], policy).candidates.map((one) => one.probability)).toEqual([
      0.5, 0.5,
    ]);
  });

  it('refuses a request that nobody may serve', () => {
    expect(() => compute([])).toThrow(expect.objectContaining({ code: 'no_provider_available', status: 503 }));
  });
});
