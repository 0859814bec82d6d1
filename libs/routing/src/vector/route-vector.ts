import { GatewayError, type RequestRouted } from '#contracts';
import { fadeTo, type PosteriorState } from '#posterior';
import type { Candidate } from '../candidates/model-index.js';
import { routedPolicy, type DecisionKind, type RoutingPolicy } from '../policy.js';
import { armScore } from '../strategies/arm-score.js';
import { findStrategy } from '../strategies/strategy.registry.js';
import type { RoutedPolicy, WeighedCandidate } from '../strategies/strategy.js';
import type { PosteriorVersion } from './posterior-view.js';

/** A candidate with what is known about it at the moment of the decision. */
export interface KnownCandidate {
  readonly candidate: Candidate;
  readonly posterior: PosteriorState;
  /** For a typical request of the cell, so that it is the same for all of them; null when unpriced. */
  readonly expectedCostNanoUsd: bigint | null;
}

/** Everything that the odds of a cell depend on. */
export interface VectorInput {
  readonly cell: string;
  readonly known: readonly KnownCandidate[];
  readonly policy: RoutingPolicy;
  readonly kind: DecisionKind;
  readonly tick: number;
  readonly version: PosteriorVersion;
}

/** The part of RequestRouted that all requests of a vector share; candidates in the order of their ids. */
export type SharedFacts = Pick<RequestRouted, 'policy' | 'cell' | 'posterior_version' | 'tick' | 'candidates'>;

/** The odds of a cell, computed once and drawn from by many requests. */
export interface RouteVector extends Readonly<SharedFacts> {
  /** The shared facts as JSON, without the braces: the larger part of every RequestRouted of this vector. */
  readonly sharedJson: string;
  /** Ids by falling probability, ties by id. */
  readonly ranking: readonly string[];
}

/**
 * The probability vector over the eligible candidates of a cell.
 *
 * @throws GatewayError `no_provider_available` when none is eligible.
 */
export function computeRouteVector({ cell, known, policy, kind, tick, version }: VectorInput): RouteVector {
  if (known.length === 0) {
    throw new GatewayError(
      'no_provider_available',
      'No configured provider can serve this request. Ask for another model.',
    );
  }
  const routed = routedPolicy(policy, kind);
  const weighed = [...known]
    .sort((one, other) => (one.candidate.id < other.candidate.id ? -1 : 1))
    .map((entry) => weigh(entry, { policy, routed, tick }));
  const odds = oddsOf(weighed, routed);
  const candidates = weighed.map((candidate, index) => ({ ...candidate, probability: odds[index] as number }));
  const posterior_version = { partition: version.partition, next_offset: version.nextOffset.toString() };
  const shared: SharedFacts = { policy: routed, cell, posterior_version, tick, candidates };
  return { ...shared, sharedJson: JSON.stringify(shared).slice(1, -1), ranking: rankingOf(candidates) };
}

function weigh(
  { candidate, posterior, expectedCostNanoUsd }: KnownCandidate,
  { policy, routed, tick }: { policy: RoutingPolicy; routed: RoutedPolicy; tick: number },
): WeighedCandidate {
  const { health, utility } = fadeTo(posterior, tick);
  const prior = policy.priors.health;
  const evidence = {
    health: { alpha: prior.alpha + health.successes, beta: prior.beta + health.failures },
    utility: { n: utility.n, sum: utility.sum, sum_squares: utility.sumSquares },
    expected_cost_nano_usd: expectedCostNanoUsd === null ? null : expectedCostNanoUsd.toString(),
  };
  const { a, b } = armScore(evidence, routed);
  return {
    id: candidate.id,
    connection: candidate.connection,
    provider: candidate.provider,
    model: candidate.model,
    ...evidence,
    weight: policy.candidateWeights[candidate.id] ?? 1,
    score: { a, b },
  };
}

/** The strategy's shares over the floor, p = (1−ε)·share + ε/K; from logged values alone, so that replay repeats it. */
export function oddsOf(candidates: readonly WeighedCandidate[], policy: RoutedPolicy): number[] {
  if (candidates.length === 1) return [1];
  const even = 1 / candidates.length;
  const strategy = findStrategy(policy.strategy);
  if (strategy === undefined) return candidates.map(() => even);
  const shares = strategy.shares(candidates, policy);
  return strategy.drawn ? shares.map((share) => (1 - policy.epsilon) * share + policy.epsilon * even) : shares;
}

/** By falling probability, ties by id: the order of fallback. */
export function rankingOf(candidates: readonly { readonly id: string; readonly probability: number }[]): string[] {
  return [...candidates]
    .sort((one, other) => other.probability - one.probability || (one.id < other.id ? -1 : 1))
    .map(({ id }) => id);
}
