/** A bug that was seen in real systems, planted in the simulator's wiring on purpose, and what finds it. */
export interface ExpectedFinding {
  readonly name: string;
  /** Invariants that may see it first. */
  readonly foundBy: readonly string[];
  /** Seeds from 1 on that are enough. */
  readonly within: number;
}

export const EXPECTED_FINDINGS = [
  { name: 'reservation leak', foundBy: ['I4', 'I9'], within: 20 },
  { name: 'double settle', foundBy: ['I2'], within: 5 },
  { name: 'cursor after commit', foundBy: ['cursor'], within: 5 },
  { name: 'ack before fsync', foundBy: ['I1', 'I5', 'I7', 'truth', 'replicated'], within: 20 },
  { name: 'resend without id', foundBy: ['no halt', 'shipped', 'replicated'], within: 10 },
  { name: 'prior lost on reload', foundBy: ['posterior'], within: 10 },
  { name: 'window reset race', foundBy: ['I1', 'I5', 'I10'], within: 20 },
  { name: 'stale slice', foundBy: ['I1', 'I5'], within: 100 },
  { name: 'zombie projector', foundBy: ['cursor', 'no halt'], within: 10 },
  { name: 'fold out of order', foundBy: ['posterior', 'I11'], within: 10 },
  { name: "loser's cost dropped", foundBy: ['truth'], within: 5 },
  { name: 'estimate overwriting truth', foundBy: ['truth'], within: 10 },
] as const satisfies readonly ExpectedFinding[];

export type BugName = (typeof EXPECTED_FINDINGS)[number]['name'];
