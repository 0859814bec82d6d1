import { armScore } from './arm-score.js';
import { shareOfHighest, type Strategy } from './strategy.js';

/** The highest expected health × latency reward, whatever it costs. */
export const fastestAnswer: Strategy = {
  shares: (candidates, policy) => {
    const latencyOnly = { ...policy, weights: { latency: 1, cost: 0 } };
    return shareOfHighest(candidates.map((candidate) => armScore(candidate, latencyOnly).mean));
  },
  drawn: true,
};
