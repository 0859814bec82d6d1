/**
 * The candidate in whose share of [0, 1) the uniform falls, shares laid end to end in the order given. Rounding may
 * leave the shares short of 1 by an ulp: what is left belongs to the last candidate that can be drawn at all.
 */
export function drawCandidate<Drawn extends { readonly probability: number }>(
  candidates: readonly Drawn[],
  uniform: number,
): Drawn | undefined {
  let below = 0;
  for (const candidate of candidates) {
    below += candidate.probability;
    if (uniform < below) return candidate;
  }
  return candidates.findLast(({ probability }) => probability > 0);
}
