import type { RequestRouted } from '#contracts';
import { chooseCandidate, type ForcedChoice } from './draw/choose-candidate.js';
import { armScore } from './strategies/arm-score.js';
import { oddsOf, rankingOf } from './vector/route-vector.js';

/** A decision derived again from its event, and where it differs from what was logged. */
export interface ReplayedDecision {
  readonly chosen: string;
  /** By candidate id. */
  readonly probabilities: ReadonlyMap<string, number>;
  readonly matches: boolean;
  /** Fields of the event that came out differently. */
  readonly differences: readonly string[];
}

/**
 * Derives scores, vector, choice and fallback order from the logged evidence, constants and uniform, and compares every
 * number to the bit. A sticky or pinned choice is taken as given: what forced it is not in the event.
 */
export function replayDecision(routed: RequestRouted): ReplayedDecision {
  const scored = routed.candidates.map((candidate) => {
    const { a, b } = armScore(candidate, routed.policy);
    return { ...candidate, score: { a, b } };
  });
  const odds = oddsOf(scored, routed.policy);
  const candidates = scored.map((candidate, index) => ({ ...candidate, probability: odds[index] as number }));
  const ranking = rankingOf(candidates);
  const { policy, uniform } = routed;
  const choice = chooseCandidate({ candidates, ranking, policy, forced: forcedOf(routed), uniform });
  const fallback = ranking.filter((id) => id !== choice.chosen);

  const differences = [
    ...candidates.flatMap((candidate, index) => differencesOf(candidate, routed.candidates[index])),
    ...(choice.chosen === routed.chosen ? [] : ['chosen']),
    ...(choice.probability === routed.probability ? [] : ['probability']),
    ...(choice.override === routed.override ? [] : ['override']),
    ...(fallback.join('\n') === routed.fallback.join('\n') ? [] : ['fallback']),
  ];
  return {
    chosen: choice.chosen,
    probabilities: new Map(candidates.map(({ id, probability }) => [id, probability])),
    matches: differences.length === 0,
    differences,
  };
}

type Candidates = RequestRouted['candidates'];

/** What the event says forced the choice; a single candidate and a pinning policy are derived again. */
const forcedOf = ({ override, chosen }: RequestRouted): ForcedChoice | null =>
  override === 'pinned' || override === 'sticky' ? { kind: override, candidate: chosen } : null;

function differencesOf(derived: Candidates[number], logged: Candidates[number] | undefined): string[] {
  const same = (what: string, one: number, other: number | undefined) =>
    one === other ? [] : [`candidates[${derived.id}].${what}`];
  return [
    ...same('score.a', derived.score.a, logged?.score.a),
    ...same('score.b', derived.score.b, logged?.score.b),
    ...same('probability', derived.probability, logged?.probability),
  ];
}
