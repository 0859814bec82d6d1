import fc from 'fast-check';
import type { RequestRouted } from '#contracts';
import type { PosteriorState } from '#posterior';
import type { ForcedChoice } from './draw/choose-candidate.js';
import { DEFAULT_POLICY, OBJECTIVES, type Objective } from './policy.js';
import { replayDecision } from './replay-decision.js';
import { routeRequest } from './route-request.decider.js';
import { STRATEGIES, type StrategyName } from './strategies/strategy.registry.js';
import { computeRouteVector } from './vector/route-vector.js';

const positive = (max: number) => fc.double({ min: 0, max, noNaN: true });
const state = fc
  .record({ ok: positive(1e5), down: positive(1e3), n: positive(1e5), mean: positive(1), age: fc.nat(2_000) })
  .map(({ ok, down, n, mean, age }) => ({
    tick: 5_000 - age,
    health: { successes: ok, failures: down },
    utility: { n, sum: n * mean, sumSquares: n * mean * mean },
  }));

interface Situation {
  readonly known: readonly {
    readonly posterior: PosteriorState;
    readonly cost: bigint | null;
    readonly weight: number;
  }[];
  readonly strategy: StrategyName;
  readonly objective: Objective;
  readonly stream: boolean;
  readonly epsilon: number;
  readonly seed: number;
  readonly forced: ForcedChoice | null;
}

/** The event as it comes back from the log. */
function logged({ known, strategy, objective, stream, epsilon, seed, forced }: Situation): RequestRouted {
  const vector = computeRouteVector({
    cell: 'cell',
    known: known.map(({ posterior, cost }, index) => ({
      candidate: { id: `c${index}/m`, connection: `c${index}`, provider: 'openai', model: 'm', upstream: 'm' },
      posterior,
      expectedCostNanoUsd: cost,
    })),
    policy: {
      ...DEFAULT_POLICY,
      strategy,
      epsilon,
      candidateWeights: Object.fromEntries(known.map(({ weight }, index) => [`c${index}/m`, weight])),
    },
    kind: { objective, stream },
    tick: 5_000,
    version: { partition: 0, nextOffset: 0n },
  });
  const { fact } = routeRequest({
    request: {
      request_id: '019a1b2c-3d4e-7f50-8a1b-2c3d4e5f6071',
      client_request_id: null,
      org_id: 'org',
      tenant_id: 'project',
      key_id: 'key',
      user: null,
      surface: 'overture.infer',
      requested_model: 'auto',
      stream,
      trace_id: '0af76519-16cd-43dd-8448-eb211c80319c',
      input: { digest: 'a3'.repeat(32), bytes: 1, tokens_bound: 1, output_tokens_bound: 1 },
      class: { name: 'general', probability: 1 },
      hold: { id: '019a1b2c-3d4e-7f50-8a1b-2c3d4e5f6072', amount_nano_usd: '0', budgets: [] },
    },
    vector,
    excluded: [],
    forced,
    seed,
    source: '/gateway/slot-0',
    time: '2026-11-21T09:30:00.125Z',
  });
  return JSON.parse(fact.json ?? '') as RequestRouted;
}

const situations = fc.record<Situation>({
  known: fc.array(fc.record({ posterior: state, cost: fc.option(fc.bigInt(0n, 10n ** 10n)), weight: fc.nat(9) }), {
    minLength: 1,
    maxLength: 8,
  }),
  strategy: fc.constantFrom(...(Object.keys(STRATEGIES) as StrategyName[])),
  objective: fc.constantFrom(...OBJECTIVES),
  stream: fc.boolean(),
  epsilon: fc.double({ min: 0, max: 0.5, noNaN: true }),
  seed: fc.nat(),
  forced: fc.constantFrom(null, { kind: 'sticky', candidate: 'c0/m' } as const),
});

describe('replaying a decision', () => {
  it('derives the same scores, vector, choice and fallback from the event alone, to the bit', () => {
    fc.assert(
      fc.property(situations, (situation) => {
        const routed = logged(situation);
        const replayed = replayDecision(routed);
        expect(replayed.differences).toEqual([]);
        expect(replayed.matches).toBe(true);
        expect(replayed.chosen).toBe(routed.chosen);
        expect([...replayed.probabilities.keys()]).toEqual(routed.candidates.map(({ id }) => id));
      }),
      { numRuns: 500 },
    );
  });

  const answers = (count: number, mean: number): PosteriorState => ({
    tick: 4_990,
    health: { successes: count, failures: 2 },
    utility: { n: count, sum: count * mean, sumSquares: count * mean * mean },
  });
  const sample = logged({
    known: [answers(9, 0.5), answers(20, 0.55), answers(4, 0.6)].map((posterior) => ({
      posterior,
      cost: 900_000n,
      weight: 1,
    })),
    strategy: 'thompson-sampling',
    objective: 'balanced',
    stream: true,
    epsilon: 0.02,
    seed: 7,
    forced: null,
  });
  const first = sample.candidates[0] as RequestRouted['candidates'][number];
  const withFirst = (over: Partial<typeof first>) => ({
    ...sample,
    candidates: [{ ...first, ...over }, ...sample.candidates.slice(1)],
  });

  it.each<[string, RequestRouted]>([
    ['a probability that is off by an ulp', withFirst({ probability: first.probability * (1 + 2 ** -52) })],
    ['evidence that was not there', withFirst({ health: { alpha: first.health.alpha + 1, beta: first.health.beta } })],
    ['another price', withFirst({ expected_cost_nano_usd: '77777777' })],
    ['another choice', { ...sample, chosen: sample.fallback[0] ?? '' }],
    ['another propensity', { ...sample, probability: sample.probability / 2 }],
    ['another uniform', { ...sample, uniform: sample.uniform < 0.5 ? 0.999999 : 0 }],
    ['another order of fallback', { ...sample, fallback: [...sample.fallback].reverse() }],
    ['another floor', { ...sample, policy: { ...sample.policy, epsilon: sample.policy.epsilon / 2 } }],
    ['a forced choice with a propensity', { ...sample, override: 'sticky' }],
    ['a single candidate among several', { ...sample, override: 'single', probability: 1 }],
    ['a forced choice of a stranger', { ...sample, override: 'sticky', probability: 1, chosen: 'stranger/m' }],
  ])('finds %s', (_, tampered) => {
    expect(replayDecision(sample).matches).toBe(true);
    expect(replayDecision(tampered).matches).toBe(false);
  });
});
