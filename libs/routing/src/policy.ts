import type { RoutedPolicy } from './strategies/strategy.js';
import { isDrawn, type StrategyName } from './strategies/strategy.registry.js';

/** What a caller may ask to be served best by: `optimization` in a body; `balanced` when nothing is asked. */
export const OBJECTIVES = ['balanced', 'cost', 'latency', 'quality'] as const;
export type Objective = (typeof OBJECTIVES)[number];

/** Shares of the reward r = ok · (latency · U(L) + cost · U(C)); they add up to 1. */
export interface RewardWeights {
  readonly latency: number;
  readonly cost: number;
}

/**
 * How requests are routed, as one versioned value: a changed constant is a new version, and every decision names the
 * version it was made under and carries the constants that it used.
 */
export interface RoutingPolicy {
  readonly id: string;
  readonly version: number;
  readonly strategy: StrategyName;
  /** Share of the draw that is spread evenly over all eligible candidates: bounds the weights of later evaluation. */
  readonly epsilon: number;
  /** L0: the latency worth half a reward. To the first token of a stream, to the end of a whole answer. */
  readonly latencyScaleMs: { readonly stream: number; readonly whole: number };
  /** C0: the expected cost worth half a reward. */
  readonly costScaleNanoUsd: bigint;
  readonly weights: Readonly<Record<Objective, RewardWeights>>;
  readonly priors: {
    /** Beta(α, β) of an unknown candidate's health. */
    readonly health: { readonly alpha: number; readonly beta: number };
    /** An unknown candidate's latency reward, worth `n` observations. */
    readonly utility: { readonly n: number; readonly mean: number; readonly variance: number };
  };
  /** Shares by candidate id for `weighted` and `pinned`; a candidate that is not named has 1. */
  readonly candidateWeights: Readonly<Record<string, number>>;
  readonly affinity: {
    readonly enabled: boolean;
    /** How long a conversation keeps its provider after its last turn; prompt caches live about that long. */
    readonly ttlMs: number;
    readonly entriesMax: number;
  };
}

/**
 * L0: a first token after 0.8 s, or a whole answer of a few hundred tokens after 4 s, is the middle of what today's
 * chat models do. C0: a thousand tokens in and three hundred out cost 0.03 to 0.6 US cents on small and large models,
 * so that 0.2 cents tells them apart. The prior of utility is the uniform distribution on [0, 1], worth one answer.
 * No outcome measures quality yet, so `quality` only stops price from deciding between otherwise close candidates.
 */
export const DEFAULT_POLICY: RoutingPolicy = {
  id: 'default',
  version: 1,
  strategy: 'thompson-sampling',
  epsilon: 0.02,
  latencyScaleMs: { stream: 800, whole: 4_000 },
  costScaleNanoUsd: 2_000_000n,
  weights: {
    balanced: { latency: 0.75, cost: 0.25 },
    cost: { latency: 0.1, cost: 0.9 },
    latency: { latency: 1, cost: 0 },
    quality: { latency: 0.9, cost: 0.1 },
  },
  priors: { health: { alpha: 1, beta: 1 }, utility: { n: 1, mean: 0.5, variance: 1 / 12 } },
  candidateWeights: {},
  affinity: { enabled: true, ttlMs: 300_000, entriesMax: 10_000 },
};

/**
 * The constants that one decision uses, resolved for its objective and kind of answer. An objective that the caller
 * names is pursued by Thompson sampling with that objective's weights, whatever the policy draws by; a policy that pins
 * is the operator's word and stays.
 */
export function routedPolicy(policy: RoutingPolicy, { objective, stream }: DecisionKind): RoutedPolicy {
  const overridden = objective !== 'balanced' && isDrawn(policy);
  return {
    id: policy.id,
    version: policy.version,
    strategy: overridden ? 'thompson-sampling' : policy.strategy,
    epsilon: policy.epsilon,
    latency_scale_ms: stream ? policy.latencyScaleMs.stream : policy.latencyScaleMs.whole,
    cost_scale_nano_usd: policy.costScaleNanoUsd.toString(),
    weights: policy.weights[objective],
    utility_prior: policy.priors.utility,
  };
}

/** What a request asks of the policy. */
export interface DecisionKind {
  readonly objective: Objective;
  readonly stream: boolean;
}
