import type { AppendedAt, LogRecord } from '../../event-log.port.js';

/**
 * A batch on its way to the writer's thread: one flat array, seven entries per event. Cloning it costs 1 µs per event
 * and thread; an object per event twice that, a JSON text three times.
 */
export interface BatchMessage {
  readonly kind: 'append';
  readonly events: readonly (string | number)[];
  /** Name and value in turn. */
  readonly marks: readonly string[];
  /** Unix time of the batch: the writer has no clock of its own. */
  readonly nowMs: number;
}

/** Nobody needs what stands up to this sequence number: whole segments of it may go. */
export interface ReleaseMessage {
  readonly kind: 'release';
  readonly sequence: number;
}

export type WriterMessage = BatchMessage | ReleaseMessage | { readonly kind: 'close' };

export interface Opened {
  readonly kind: 'opened';
  readonly lastSequence: number;
  readonly usedBytes: number;
}

export interface Written {
  readonly kind: 'written';
  /** How many messages it answers, oldest first: those that waited for the writer shared a commit. */
  readonly batches: number;
  /** Three entries per event. */
  readonly places: readonly number[];
  readonly lastSequence: number;
  readonly usedBytes: number;
  /** Why the writer had to close and reopen its file before it could write this batch. */
  readonly recoveredFrom: string | null;
}

export interface Failed {
  readonly kind: 'failed';
  /** As of `Written`; none when the journal could not be opened. */
  readonly batches: number;
  readonly reason: string;
  /** False only when no COMMIT was tried. */
  readonly mayBeWritten: boolean;
}

/** Segments have been removed. */
export interface Released {
  readonly kind: 'released';
  readonly usedBytes: number;
}

export type WriterReply = Opened | Written | Failed | Released | { readonly kind: 'closed' };

/** What the writer's thread is started with. */
export interface WriterSettings {
  readonly directory: string;
  readonly segmentBytesMax: number;
  readonly nowMs: number;
}

const ENTRIES_PER_EVENT = 7;
/** Partition, offset, and 1 for a duplicate. */
export const ENTRIES_PER_PLACE = 3;

export function packRecord(record: LogRecord, events: (string | number)[]): void {
  const { partition, eventId, type, version, tenant, headers, value } = record;
  events.push(partition, eventId, type, version, tenant, JSON.stringify(headers), value);
}

export type PackedEvent = [
  partition: number,
  eventId: string,
  type: string,
  version: number,
  tenant: string,
  headers: string,
  value: string,
];

export function* unpackEvents(events: readonly (string | number)[]): Generator<PackedEvent> {
  for (let at = 0; at < events.length; at += ENTRIES_PER_EVENT) {
    yield events.slice(at, at + ENTRIES_PER_EVENT) as PackedEvent;
  }
}

export const countEvents = ({ events }: BatchMessage): number => events.length / ENTRIES_PER_EVENT;

/** Batches in the order in which they came, as one. */
export function mergeBatches(batches: readonly [BatchMessage, ...BatchMessage[]]): BatchMessage {
  if (batches.length === 1) return batches[0];
  return {
    kind: 'append',
    events: batches.flatMap(({ events }) => events),
    marks: batches.flatMap(({ marks }) => marks),
    nowMs: Math.max(...batches.map(({ nowMs }) => nowMs)),
  };
}

/** The place of the event that stands at `index` in its batch. */
export function placeAt(places: readonly number[], index: number): AppendedAt {
  const at = index * ENTRIES_PER_PLACE;
  return { partition: places[at]!, offset: BigInt(places[at + 1]!), duplicate: places[at + 2] === 1 };
}
