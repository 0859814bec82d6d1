import type { RequestRouted } from '#contracts';
import { drawCandidate } from './draw-candidate.js';
import { isDrawn } from '../strategies/strategy.registry.js';
import type { RoutedPolicy } from '../strategies/strategy.js';

/** A choice that is not the draw's to make. */
export interface ForcedChoice {
  readonly kind: 'pinned' | 'sticky';
  readonly candidate: string;
}

/** All that the choice depends on; every part of it is in the event. */
export interface Choosing {
  readonly candidates: RequestRouted['candidates'];
  /** Ids by falling probability. */
  readonly ranking: readonly string[];
  readonly policy: RoutedPolicy;
  readonly forced: ForcedChoice | null;
  readonly uniform: number;
}

/** What was chosen, with which propensity, and what overrode the draw if anything did. */
export type Choice = Pick<RequestRouted, 'chosen' | 'probability' | 'override'>;

/** A forced choice counts while its candidate may be used; a single candidate and a pinning policy leave no draw. */
export function chooseCandidate({ candidates, ranking, policy, forced, uniform }: Choosing): Choice {
  const likeliest = ranking[0] ?? '';
  if (forced !== null && candidates.some(({ id }) => id === forced.candidate)) {
    return { chosen: forced.candidate, probability: 1, override: forced.kind };
  }
  if (candidates.length === 1) return { chosen: likeliest, probability: 1, override: 'single' };
  if (!isDrawn(policy)) return { chosen: likeliest, probability: 1, override: 'pinned' };
  const drawn = drawCandidate(candidates, uniform);
  return { chosen: drawn?.id ?? likeliest, probability: drawn?.probability ?? 0, override: null };
}
