import { shareOfHighest, type Strategy } from './strategy.js';

/**
 * Every candidate equally often: a drawn rotation, because replicas share no counter and a counter has no propensity.
 */
export const roundRobin: Strategy = {
  shares: (candidates) => candidates.map(() => 1 / candidates.length),
  drawn: true,
};

/** As the operator's weights say; evenly when none of the eligible candidates has any weight. */
export const weighted: Strategy = {
  shares: (candidates) => {
    const total = candidates.reduce((sum, { weight }) => sum + weight, 0);
    return candidates.map(({ weight }) => (total > 0 ? weight / total : 1 / candidates.length));
  },
  drawn: true,
};

/** Always the eligible candidate with the largest weight; the others only when it fails. */
export const pinned: Strategy = {
  shares: (candidates) => shareOfHighest(candidates.map(({ weight }) => weight)),
  drawn: false,
};
