import { BreakerClosed, BreakerOpened, SYSTEM_TENANT, isoTime, type Fact, type Outcome } from '#contracts';
import { eventId } from '#event-log';
import type { CircuitState } from './circuit-breaker.state.js';

/** A circuit before and after one attempt, and where and when that was. */
export interface CircuitChange {
  readonly candidate: { readonly id: string; readonly connection: string; readonly model: string };
  readonly before: CircuitState;
  readonly after: CircuitState;
  readonly outcome: Outcome;
  readonly endedMs: number;
  readonly epochMs: number;
  /** The gateway whose circuit it is: each keeps its own. */
  readonly source: string;
}

/** The fact that a change amounts to; null when the circuit neither opened nor closed. The single emitter of both. */
export function breakerTransition(change: CircuitChange): Fact<BreakerOpened> | Fact<BreakerClosed> | null {
  const { before, after, candidate, endedMs } = change;
  if (before.open === after.open) return null;
  const { id, connection, model } = candidate;
  if (after.open === null) {
    const openForMs = Math.round(endedMs - (before.open?.sinceMs ?? endedMs));
    return fact(BreakerClosed, change, { candidate: id, connection, model, open_for_ms: openForMs });
  }
  return fact(BreakerOpened, change, {
    candidate: id,
    connection,
    model,
    consecutive_failures: after.consecutiveFailures,
    last_outcome: change.outcome,
    retry_after_ms: Math.round(after.open.untilMs - endedMs),
  });
}

function fact<Data>(
  { type, version }: { readonly type: string; readonly version: number },
  { source, candidate, epochMs }: CircuitChange,
  data: Data,
): Fact<Data> {
  return {
    id: eventId(`${source}/${candidate.id}`, type, epochMs),
    type,
    version,
    tenant: SYSTEM_TENANT,
    source,
    time: isoTime(epochMs),
    data,
  };
}
