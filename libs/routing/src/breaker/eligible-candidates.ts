import { blockadeOf, type Blockade, type CircuitLimits, type CircuitState } from './circuit-breaker.state.js';

/** Candidates that may be drawn now, and why the others may not. */
export interface Eligibility<Candidate> {
  readonly eligible: readonly Candidate[];
  readonly excluded: { readonly id: string; readonly reason: Blockade }[];
  /** The one that is eligible in spite of its circuit, because it is the last; null otherwise. */
  readonly lastResort: string | null;
}

interface Circuits {
  readonly circuitOf: (candidateId: string) => CircuitState;
  readonly limits: CircuitLimits;
}

/**
 * Sorts out whoever's circuit is open, whose probe is out or who asked for silence. The last candidate is never
 * ejected: when everyone would be, the one that is due back first stays (ties by id), for an answer that may fail is
 * better than a refusal that must.
 */
export function eligibleCandidates<Candidate extends { readonly id: string }>(
  candidates: readonly Candidate[],
  nowMs: number,
  { circuitOf, limits }: Circuits,
): Eligibility<Candidate> {
  const blocked = candidates.flatMap((candidate) => {
    const reason = blockadeOf(circuitOf(candidate.id), nowMs, limits);
    return reason === null ? [] : [{ candidate, id: candidate.id, reason }];
  });
  if (blocked.length === 0) return { eligible: candidates, excluded: [], lastResort: null };

  const last = blocked.length < candidates.length ? undefined : firstBack(blocked, circuitOf);
  const out = new Map(blocked.filter(({ id }) => id !== last?.id).map(({ id, reason }) => [id, reason]));
  return {
    eligible: candidates.filter(({ id }) => !out.has(id)),
    excluded: [...out].map(([id, reason]) => ({ id, reason })),
    lastResort: last?.id ?? null,
  };
}

function firstBack<Blocked extends { readonly id: string }>(
  blocked: readonly Blocked[],
  circuitOf: Circuits['circuitOf'],
): Blocked | undefined {
  const due = blocked.map((entry) => {
    const { open, gatedUntilMs } = circuitOf(entry.id);
    return { entry, dueMs: Math.max(open?.untilMs ?? 0, gatedUntilMs) };
  });
  due.sort((one, other) => one.dueMs - other.dueMs || (one.entry.id < other.entry.id ? -1 : 1));
  return due[0]?.entry;
}
