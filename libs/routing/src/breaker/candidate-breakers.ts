import type { BreakerClosed, BreakerOpened, Clock, Fact, Outcome } from '#contracts';
import { breakerTransition } from './breaker-transition.js';
import {
  beginAttempt,
  blockadeOf,
  DEFAULT_CIRCUIT_LIMITS,
  endAttempt,
  FRESH_CIRCUIT,
  type CircuitLimits,
  type CircuitState,
} from './circuit-breaker.state.js';
import { eligibleCandidates, type Eligibility } from './eligible-candidates.js';

interface BrokenCandidate {
  readonly id: string;
  readonly connection: string;
  readonly model: string;
}

/** One request's right to try candidates: at most one attempt per candidate is out at a time. */
export interface RequestGate {
  /** False while the circuit is open, the probe is out or a rate limit asks for silence. */
  acquire(candidateId: string): boolean;
  report(candidateId: string, outcome: Outcome, retryAfterMs: number | null): void;
}

interface BreakerSetting {
  readonly clock: Clock;
  /** Producer of the facts, e.g. `/gateway/slot-0`. */
  readonly source: string;
  readonly onTransition: (fact: Fact<BreakerOpened> | Fact<BreakerClosed>) => void;
  readonly limits?: CircuitLimits;
}

/** The circuits of one gateway process, one per candidate it has seen; as many as the configuration has candidates. */
export class CandidateBreakers {
  private readonly circuits = new Map<string, CircuitState>();
  private readonly limits: CircuitLimits;

  constructor(private readonly setting: BreakerSetting) {
    this.limits = setting.limits ?? DEFAULT_CIRCUIT_LIMITS;
  }

  circuitOf(candidateId: string): CircuitState {
    return this.circuits.get(candidateId) ?? FRESH_CIRCUIT;
  }

  eligible<Candidate extends BrokenCandidate>(candidates: readonly Candidate[]): Eligibility<Candidate> {
    return eligibleCandidates(candidates, this.setting.clock.monotonicMs(), {
      circuitOf: (id) => this.circuitOf(id),
      limits: this.limits,
    });
  }

  /** The gate of one request over its eligible candidates. The last one left passes whatever its circuit says. */
  gateFor({ eligible, lastResort }: Eligibility<BrokenCandidate>): RequestGate {
    const byId = new Map(eligible.map((candidate) => [candidate.id, candidate]));
    const startedMs = new Map<string, number>();
    const last = eligible.length === 1 ? eligible[0]?.id : lastResort;
    return {
      acquire: (id) => {
        const nowMs = this.setting.clock.monotonicMs();
        if (id !== last && blockadeOf(this.circuitOf(id), nowMs, this.limits) !== null) return false;
        this.circuits.set(id, beginAttempt(this.circuitOf(id), nowMs));
        startedMs.set(id, nowMs);
        return true;
      },
      report: (id, outcome, retryAfterMs) => {
        const candidate = byId.get(id);
        const began = startedMs.get(id);
        if (candidate === undefined || began === undefined) return;
        startedMs.delete(id);
        this.end(candidate, { outcome, retryAfterMs, startedMs: began });
      },
    };
  }

  private end(
    candidate: BrokenCandidate,
    attempt: { readonly outcome: Outcome; readonly retryAfterMs: number | null; readonly startedMs: number },
  ): void {
    const { clock, source, onTransition } = this.setting;
    const before = this.circuitOf(candidate.id);
    const endedMs = clock.monotonicMs();
    const after = endAttempt(before, { ...attempt, endedMs }, this.limits);
    this.circuits.set(candidate.id, after);
    const { outcome } = attempt;
    const fact = breakerTransition({ candidate, before, after, outcome, endedMs, epochMs: clock.epochMs(), source });
    if (fact !== null) onTransition(fact);
  }
}
