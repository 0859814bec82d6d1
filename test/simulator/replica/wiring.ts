import type { EntityManager } from '@mikro-orm/postgresql';
import type { EventLog, LogReader, ReplicaLog } from '#event-log';
import { BudgetBook, type SliceAuthority } from '#ledger';
import type { Attempt } from '#providers';
import type { Admitted } from '../../../apps/gateway/src/answer-request/admission.js';
import type { Schedule } from '../kernel/schedule.js';
import type { Ask } from '../world/ask.js';
import { AuthorityServer } from '../world/authority.js';
import { SimulatedJournal } from '../world/journal.js';
import { ReadDatabase } from '../world/read-database.js';

/** Which slot's memory outlives its processes; sound wiring keeps none. */
export interface SlotMemory {
  starts: number;
}

/**
 * Where the simulator puts the parts of the product together. Every planted bug is another way to do so: the product's
 * own code is the same in all of them.
 */
export interface Wiring {
  readonly authority: (limits: ReadonlyMap<string, bigint>) => AuthorityServer;
  readonly database: (schedule: Schedule) => ReadDatabase;
  readonly journal: (setting: ConstructorParameters<typeof SimulatedJournal>[0]) => ReplicaLog;
  readonly book: (parts: { authority: SliceAuthority; slot: string; asks: ReadonlyMap<string, Ask> }) => BudgetBook;
  /** The shared log as the shipper writes it. */
  readonly target: (log: EventLog) => EventLog;
  /** The shared log as the projector reads it. */
  readonly foldedLog: (log: LogReader) => LogReader;
  /** The database as the feed of posteriors reads it. */
  readonly posteriors: (em: EntityManager, memory: SlotMemory) => EntityManager;
  /** Attempts of a call as settlement gets them. */
  readonly attempts: (attempts: readonly Attempt[], admitted: Admitted) => readonly Attempt[];
  /** Attempts that lost a race, as settlement gets them. */
  readonly losers: (attempts: readonly Attempt[]) => readonly Attempt[];
}

export const SOUND: Wiring = {
  authority: (limits) => new AuthorityServer(limits),
  database: () => new ReadDatabase(),
  journal: (setting) => new SimulatedJournal(setting),
  book: ({ authority, slot }) => new BudgetBook(authority, slot),
  target: (log) => log,
  foldedLog: (log) => log,
  posteriors: (em) => em,
  attempts: (attempts) => attempts,
  losers: (attempts) => attempts,
};
