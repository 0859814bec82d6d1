import { shareOfHighest, type Strategy } from './strategy.js';

/**
 * The lowest expected cost per answer, failures counted: half as cheap and down half of the time is no bargain. A
 * candidate without a known price comes last.
 */
export const cheapestAnswer: Strategy = {
  shares: (candidates) =>
    shareOfHighest(
      candidates.map(({ health, expected_cost_nano_usd: cost }) =>
        cost === null ? -Infinity : -(Number(cost) * (health.alpha + health.beta)) / health.alpha,
      ),
    ),
  drawn: true,
};
