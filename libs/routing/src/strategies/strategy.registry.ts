import { cheapestAnswer } from './cheapest-answer.js';
import { fastestAnswer } from './fastest-answer.js';
import { pinned, roundRobin, weighted } from './operator-shares.js';
import type { Strategy } from './strategy.js';
import { thompsonSampling } from './thompson-sampling.js';

/**
 * Every way of turning candidates into a probability vector. A new strategy is a new entry, and so is a changed
 * formula: decisions name their strategy, and those in the log have to come out as they did.
 */
export const STRATEGIES = {
  'thompson-sampling': thompsonSampling,
  cost: cheapestAnswer,
  latency: fastestAnswer,
  'round-robin': roundRobin,
  weighted,
  pinned,
} as const satisfies Record<string, Strategy>;
export type StrategyName = keyof typeof STRATEGIES;

/** Whether decisions under this policy are drawn; an unknown strategy is drawn evenly. */
export const isDrawn = ({ strategy }: { readonly strategy: string }): boolean => findStrategy(strategy)?.drawn ?? true;

/** The strategy that a policy or a logged decision names; undefined for a name that is not ours. */
export const findStrategy = (name: string): Strategy | undefined =>
  Object.hasOwn(STRATEGIES, name) ? STRATEGIES[name as StrategyName] : undefined;
