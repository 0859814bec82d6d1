import { OUTCOME_TRAITS, type Outcome } from '#contracts';

/** When circuits open and for how long; the shape and defaults follow Envoy's outlier detection. */
export interface CircuitLimits {
  readonly failuresToOpen: number;
  /** First opening; the n-th in a row lasts n times as long. */
  readonly openMs: number;
  readonly openMaxMs: number;
  /** A probe that has not reported by then is given up, so that a lost one cannot keep a circuit open for ever. */
  readonly probeLeaseMs: number;
  /** Gate after a 429 that names no Retry-After. */
  readonly gateMs: number;
  /** Longest Retry-After believed. */
  readonly gateMaxMs: number;
}

export const DEFAULT_CIRCUIT_LIMITS: CircuitLimits = {
  failuresToOpen: 5,
  openMs: 30_000,
  openMaxMs: 300_000,
  probeLeaseMs: 60_000,
  gateMs: 1_000,
  gateMaxMs: 300_000,
};

/** What is remembered of one candidate. Times are milliseconds of one monotonic clock. */
export interface CircuitState {
  readonly consecutiveFailures: number;
  /** The opening that is in force: since when, and until when nothing is sent. Null while closed. */
  readonly open: { readonly sinceMs: number; readonly untilMs: number } | null;
  /** Openings in a row; one is forgiven for every `openMs` that the circuit then stays closed. */
  readonly openings: number;
  readonly closedSinceMs: number;
  /** When the half-open probe that is out began; null when none is. */
  readonly probeSinceMs: number | null;
  /** A rate limit asks for silence until then. */
  readonly gatedUntilMs: number;
}

/** A candidate of which nothing is known yet. */
export const FRESH_CIRCUIT: CircuitState = Object.freeze({
  consecutiveFailures: 0,
  open: null,
  openings: 0,
  closedSinceMs: 0,
  probeSinceMs: null,
  gatedUntilMs: 0,
});

/** Why nothing may be sent to a candidate now; null when it may. Half-open circuits let one probe through. */
export type Blockade = 'breaker_open' | 'probe_in_flight' | 'retry_after';

export function blockadeOf(state: CircuitState, nowMs: number, limits: CircuitLimits): Blockade | null {
  if (state.open !== null && nowMs < state.open.untilMs) return 'breaker_open';
  if (state.probeSinceMs !== null && nowMs < state.probeSinceMs + limits.probeLeaseMs) return 'probe_in_flight';
  return nowMs < state.gatedUntilMs ? 'retry_after' : null;
}

/** An attempt begins: the first one after the open time is the probe. */
export function beginAttempt(state: CircuitState, nowMs: number): CircuitState {
  const halfOpen = state.open !== null && nowMs >= state.open.untilMs;
  return halfOpen ? { ...state, probeSinceMs: nowMs } : state;
}

/** How one attempt ended. */
export interface AttemptEnd {
  readonly outcome: Outcome;
  readonly retryAfterMs: number | null;
  readonly startedMs: number;
  readonly endedMs: number;
}

/**
 * The circuit after an attempt. While it is open only attempts that began after the opening count: a success closes it,
 * and a failure of one that began after the open time opens it again, for longer. An outcome that says nothing about
 * the provider, and a rate limit, only give the probe's place back.
 */
export function endAttempt(state: CircuitState, end: AttemptEnd, limits: CircuitLimits): CircuitState {
  const traits = OUTCOME_TRAITS[end.outcome];
  const known: CircuitState = {
    ...state,
    probeSinceMs: state.probeSinceMs === end.startedMs ? null : state.probeSinceMs,
    gatedUntilMs: Math.max(state.gatedUntilMs, end.endedMs + gateMs(end, limits)),
  };
  if (traits.health === 'success') return succeeded(known, end);
  return traits.trips ? failed(known, end, limits) : known;
}

function succeeded(state: CircuitState, { startedMs, endedMs }: AttemptEnd): CircuitState {
  if (state.open === null) return { ...state, consecutiveFailures: 0 };
  if (startedMs < state.open.sinceMs) return state;
  return { ...state, consecutiveFailures: 0, open: null, probeSinceMs: null, closedSinceMs: endedMs };
}

function failed(state: CircuitState, { startedMs, endedMs }: AttemptEnd, limits: CircuitLimits): CircuitState {
  const consecutiveFailures = state.consecutiveFailures + 1;
  if (state.open === null && consecutiveFailures < limits.failuresToOpen) return { ...state, consecutiveFailures };
  if (state.open !== null && startedMs < state.open.untilMs) return state;
  const forgiven = state.open === null ? Math.floor((endedMs - state.closedSinceMs) / limits.openMs) : 0;
  const openings = Math.max(0, state.openings - forgiven) + 1;
  const untilMs = endedMs + Math.min(limits.openMs * openings, limits.openMaxMs);
  return { ...state, consecutiveFailures, openings, open: { sinceMs: endedMs, untilMs }, probeSinceMs: null };
}

/** Silence that a provider asked for; a 429 without a number asks for a little. */
function gateMs({ outcome, retryAfterMs }: AttemptEnd, limits: CircuitLimits): number {
  if (OUTCOME_TRAITS[outcome].health !== 'failure') return 0;
  const askedMs = retryAfterMs ?? (outcome === 'rate_limited' ? limits.gateMs : 0);
  return Math.min(Math.max(0, askedMs), limits.gateMaxMs);
}
