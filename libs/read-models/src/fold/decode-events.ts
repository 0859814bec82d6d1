import { decodeFact, type LogEvent } from '#event-log';
import type { LoggedFact } from './define-projection.js';

/** An event that cannot be folded. */
export interface Poison {
  readonly offset: bigint;
  readonly eventId: string;
  /** Why, without the payload. */
  readonly reason: string;
}

/** What the contract promises of `time`. PostgreSQL takes more, `now` for one, which no two folds would agree on. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** The facts up to the first event that is not one of ours: an unknown kind, a broken payload. */
export function decodeEvents(events: readonly LogEvent[]): { facts: LoggedFact[]; poison: Poison | null } {
  const facts: LoggedFact[] = [];
  for (const event of events) {
    try {
      facts.push(decodeEvent(event));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { facts, poison: { offset: event.offset, eventId: event.eventId, reason } };
    }
  }
  return { facts, poison: null };
}

function decodeEvent(event: LogEvent): LoggedFact {
  const fact = decodeFact(event);
  if (!TIME.test(fact.time))
    throw new Error(`Event ${fact.id} has a time that is not RFC 3339 in UTC with milliseconds.`);
  const { partition, offset, value: json, version: writtenVersion } = event;
  return { ...fact, partition, offset, json, writtenVersion };
}
