import { setImmediate } from 'node:timers/promises';
import type { Clock } from '#contracts';
import { ClosedLogError, CorruptLogError, OffsetOutOfRangeError } from '../event-log.errors.js';
import {
  LogReader,
  type Assignment,
  type HeadsOptions,
  type LogEvent,
  type LogSlice,
  type ReadOptions,
} from '../event-log.port.js';
import { PARTITION_COUNT } from '../identity/partition-of.js';
import type { FindOptions, SequencedEvent } from '../replica-log.port.js';
import { areEqualHeads } from '../waiting/are-equal-heads.js';
import { promised } from '../waiting/promised.js';
import { Sleepers, UNTIL_WOKEN, type Pauses } from '../waiting/sleepers.js';
import { SegmentCatalogue } from './segment/segment-catalogue.js';
import type { Extent } from './segment/segment-reader.js';

const EVENTS_MAX = 1_000;
const BYTES_MAX = 4_194_304;
const SCAN_EVENTS = 256;
/** Another process cannot wake this one: a quiet journal is looked at this often, at about 5 µs a look. */
const POLLED: Pauses = { firstMs: 1, maxMs: 8 };

export interface JournalReaderOptions {
  readonly directory: string;
  readonly clock: Clock;
  /** Set by the process that writes: it calls `wake()`, so nothing is polled. */
  readonly isWoken?: boolean;
}

/** Reads a journal, in the process that writes it or in any other; a journal that does not exist yet is empty. */
export class JournalLogReader extends LogReader {
  readonly #catalogue: SegmentCatalogue;
  readonly #sleepers: Sleepers;
  #heads: ReadonlyMap<number, bigint> = new Map();
  #headsOf: ReadonlyMap<number, Extent> | undefined;
  #isClosed = false;
  readonly #closing: Promise<void>;
  readonly #close: () => void;

  constructor({ directory, clock, isWoken = false }: JournalReaderOptions) {
    super();
    ({ promise: this.#closing, resolve: this.#close } = Promise.withResolvers<void>());
    this.#catalogue = new SegmentCatalogue(directory);
    this.#sleepers = new Sleepers(clock, isWoken ? UNTIL_WOKEN : POLLED);
  }

  /** Something was appended: whoever waits for it looks again. */
  wake(): void {
    this.#sleepers.wake();
  }

  /** Segments have been removed. */
  forgetReleased(): void {
    this.#catalogue.listAgain();
  }

  async read(partition: number, from: bigint, options: ReadOptions = {}): Promise<LogSlice> {
    const { maxEvents = EVENTS_MAX, maxBytes = BYTES_MAX, waitMs = 0 } = options;
    await this.#sleepers.sleepUntil(() => this.#highWater(partition) > Number(from), waitMs);
    const { earliest, highWater } = this.#range(partition);
    if (from < earliest || from > highWater) throw new OffsetOutOfRangeError(partition, from, { earliest, highWater });
    if (from === highWater) return { events: [], next: from, highWater };
    const events = this.#page(partition, Number(from), { eventsMax: maxEvents, bytesMax: maxBytes });
    return { events, next: from + BigInt(events.length), highWater };
  }

  range(partition: number): Promise<{ readonly earliest: bigint; readonly highWater: bigint }> {
    return promised(() => this.#range(partition));
  }

  async heads(options?: HeadsOptions): Promise<ReadonlyMap<number, bigint>> {
    if (options !== undefined) {
      const { after, waitMs } = options;
      await this.#sleepers.sleepUntil(() => !areEqualHeads(after, this.#currentHeads()), waitMs);
    }
    return this.#currentHeads();
  }

  find(eventIds: readonly string[], { sinceMs = 0 }: FindOptions = {}): Promise<readonly LogEvent[]> {
    return promised(() => {
      this.#assertOpen();
      const events: LogEvent[] = [];
      let missing = eventIds;
      for (const { reader } of this.#catalogue.newestFirst()) {
        missing = missing.filter((eventId) => {
          const event = reader.find(eventId);
          if (event !== undefined) events.push(event);
          return event === undefined;
        });
        if (missing.length === 0 || reader.createdMs < sinceMs) break;
      }
      return events;
    });
  }

  /** A journal has one reader per projection, which owns every partition until it closes. */
  async *claim(): AsyncGenerator<Assignment, void, undefined> {
    yield { assigned: Array.from({ length: PARTITION_COUNT }, (_, partition) => partition), revoked: [], epoch: 1n };
    await this.#closing;
  }

  /** As ReplicaLog.scan. */
  async *scan(fromSequence: number, types?: readonly string[]): AsyncGenerator<SequencedEvent, void, undefined> {
    const to = this.lastSequence();
    let from = Math.max(fromSequence, 1);
    while (from <= to) {
      this.#assertOpen();
      const segment = this.#catalogue.containing(from);
      const events = segment?.reader.scan({ from, to, types, eventsMax: SCAN_EVENTS }) ?? [];
      yield* events;
      const last = events.length < SCAN_EVENTS ? segment?.reader.lastSequence() : events.at(-1)?.sequence;
      from = (last ?? to) + 1;
      await setImmediate();
    }
  }

  /** As ReplicaLog.lastSequence. */
  lastSequence(): number {
    this.#assertOpen();
    return this.#catalogue.newest()?.reader.lastSequence() ?? 0;
  }

  /** As ReplicaLog.marks. */
  marks(): Promise<ReadonlyMap<string, string>> {
    return promised(() => {
      this.#assertOpen();
      return this.#catalogue.newest()?.reader.marks() ?? new Map<string, string>();
    });
  }

  close(): Promise<void> {
    return promised(() => {
      this.#isClosed = true;
      this.#close();
      this.#catalogue.close();
      this.#sleepers.wake();
    });
  }

  #page(
    partition: number,
    from: number,
    limits: { readonly eventsMax: number; readonly bytesMax: number },
  ): LogEvent[] {
    for (const { reader, extents } of this.#catalogue.newestFirst()) {
      const extent = extents.get(partition);
      if (extent === undefined || from < extent.earliest) continue;
      const eventsMax = Math.min(limits.eventsMax, extent.next - from);
      return reader.page({ partition, from, eventsMax, bytesMax: limits.bytesMax });
    }
    throw new CorruptLogError(`partition ${partition}, offset ${from}`, 'its segment is missing');
  }

  #range(partition: number): { readonly earliest: bigint; readonly highWater: bigint } {
    const earliest = this.#catalogue.oldest()?.extents.get(partition)?.earliest ?? 0;
    return { earliest: BigInt(earliest), highWater: BigInt(this.#highWater(partition)) };
  }

  #highWater(partition: number): number {
    this.#assertOpen();
    return this.#catalogue.newest()?.extents.get(partition)?.next ?? 0;
  }

  #currentHeads(): ReadonlyMap<number, bigint> {
    this.#assertOpen();
    const extents = this.#catalogue.newest()?.extents;
    if (extents !== this.#headsOf) {
      this.#heads = new Map([...(extents ?? [])].map(([partition, { next }]) => [partition, BigInt(next)]));
      this.#headsOf = extents;
    }
    return this.#heads;
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new ClosedLogError();
  }
}
