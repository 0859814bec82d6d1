import { SHAPE_MIN } from '../quadrature/best-arm-probabilities.js';
import type { RoutedPolicy, WeighedCandidate } from './strategy.js';

/** What is known of one candidate when it is scored, as logged. */
export type ScoredEvidence = Pick<WeighedCandidate, 'health' | 'utility' | 'expected_cost_nano_usd'>;

/** Mean of the expected reward and the Beta(a, b) with its first two moments. */
export interface ArmScore {
  readonly mean: number;
  readonly a: number;
  readonly b: number;
}

/**
 * Largest a + b. A belief narrower than this (a deviation of 0.008 around ½) claims more than a drifting provider can
 * keep, and would need a finer grid than it is worth.
 */
const CONCENTRATION_MAX = 4_096;

/**
 * One Beta for the expected reward ok · (w_l·U + w_c·C), by its first two moments.
 *
 * Health H ~ Beta(α, β):       E[H] = α/(α+β), E[H²] = E[H]·(α+1)/(α+β+1).
 * Latency reward, prior worth n₀ answers of mean m₀ and variance v₀:
 *   N = n₀+n, m = (n₀m₀+Σr)/N, s² = (n₀(v₀+m₀²)+Σr²)/N − m², and the mean is known to within Var = s²/N.
 * Cost is known before the call and not learnt: C = 1/(1+(cost/C₀)²); a candidate without a price counts as C = 0.
 * With R = w_l·m + w_c·C and V = w_l²·s²/N: E = E[H]·R, Var = E[H²]·(V+R²) − E², and matching
 *   a + b = E(1−E)/Var − 1, a = E·(a+b).
 */
export function armScore(evidence: ScoredEvidence, policy: RoutedPolicy): ArmScore {
  const { alpha, beta } = evidence.health;
  const health = alpha / (alpha + beta);
  const healthSquared = (health * (alpha + 1)) / (alpha + beta + 1);
  const utility = meanUtility(evidence.utility, policy.utility_prior);
  const { latency, cost } = policy.weights;
  const reward = latency * utility.mean + cost * costReward(evidence.expected_cost_nano_usd, policy);
  const mean = health * reward;
  const variance = healthSquared * (latency * latency * utility.variance + reward * reward) - mean * mean;
  // Rounding may take the last of a tiny variance away; nothing is left to doubt then.
  const matched = variance > 0 ? (mean * (1 - mean)) / variance - 1 : CONCENTRATION_MAX;
  const concentration = Math.min(CONCENTRATION_MAX, matched);
  return {
    mean,
    a: Math.max(SHAPE_MIN, mean * concentration),
    b: Math.max(SHAPE_MIN, (1 - mean) * concentration),
  };
}

function meanUtility(
  { n, sum, sum_squares: sumSquares }: ScoredEvidence['utility'],
  prior: RoutedPolicy['utility_prior'],
): { mean: number; variance: number } {
  const count = prior.n + n;
  const mean = (prior.n * prior.mean + sum) / count;
  const secondMoment = (prior.n * (prior.variance + prior.mean * prior.mean) + sumSquares) / count;
  return { mean, variance: Math.max(0, secondMoment - mean * mean) / count };
}

function costReward(costNanoUsd: string | null, policy: RoutedPolicy): number {
  if (costNanoUsd === null) return 0;
  const ratio = Number(costNanoUsd) / Number(policy.cost_scale_nano_usd);
  return 1 / (1 + ratio * ratio);
}
