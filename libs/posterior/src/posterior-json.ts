import { isSoundPosterior, type PosteriorState } from './posterior.state.js';

interface PosteriorJson {
  readonly tick: number;
  readonly health: { readonly successes: number; readonly failures: number };
  readonly utility: { readonly n: number; readonly sum: number; readonly sum_squares: number };
}

/**
 * Canonical JSON of a state: fixed field order, numbers as the shortest text that reads back to the same bits. Equal
 * states have equal text, so tables and published messages can be compared byte for byte.
 */
export function serialisePosterior({ tick, health, utility }: PosteriorState): string {
  return JSON.stringify({
    tick,
    health: { successes: health.successes, failures: health.failures },
    utility: { n: utility.n, sum: utility.sum, sum_squares: utility.sumSquares },
  } satisfies PosteriorJson);
}

/** Reads a state back, bit for bit; null when the text is not a state that a fold can reach. Never throws. */
export function parsePosterior(json: string): PosteriorState | null {
  try {
    const { tick, health, utility } = JSON.parse(json) as PosteriorJson;
    const state: PosteriorState = {
      tick,
      health: { successes: health.successes, failures: health.failures },
      utility: { n: utility.n, sum: utility.sum, sumSquares: utility.sum_squares },
    };
    return isSoundPosterior(state) ? state : null;
  } catch {
    return null;
  }
}
