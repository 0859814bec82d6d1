import type { RequestRouted } from '#contracts';

/** The policy's part of a decision, as the event carries it. */
export type RoutedPolicy = RequestRouted['policy'];

/** A candidate as a decision logs it, before it has odds: all that a strategy may look at. */
export type WeighedCandidate = Omit<RequestRouted['candidates'][number], 'probability'>;

/** How candidates become a probability vector, from logged values alone. */
export interface Strategy {
  /** One probability per candidate, in their order, adding up to 1. */
  readonly shares: (candidates: readonly WeighedCandidate[], policy: RoutedPolicy) => number[];
  /** Whether the choice is drawn, with the floor ε under every share; otherwise it goes to the likeliest candidate. */
  readonly drawn: boolean;
}

/** The whole share to the candidates with the highest value, evenly where several have it. */
export function shareOfHighest(values: readonly number[]): number[] {
  const highest = Math.max(...values);
  const winners = values.filter((value) => value === highest).length;
  return values.map((value) => (value === highest ? 1 / winners : 0));
}
