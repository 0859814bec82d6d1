import { bestArmProbabilities } from '../quadrature/best-arm-probabilities.js';
import type { Strategy } from './strategy.js';

/** Each candidate is drawn with the probability that it is the best one, given what the log has taught. */
export const thompsonSampling: Strategy = {
  shares: (candidates) => bestArmProbabilities(candidates.map(({ score }) => score)),
  drawn: true,
};
