import type { Clock } from '#contracts';
import { ForeignArchiveError } from '../event-log.errors.js';
import type { LogEvent, LogReader } from '../event-log.port.js';
import { ArchiveCatalogue, assertSameLog, contiguousEnd } from './archive-catalogue.js';
import { SegmentBuilder } from './segment/segment-builder.js';
import { fileKeyOf, manifestKeyOf, type SegmentRange } from './segment/segment-name.js';
import { renderManifest } from './segment/segment-manifest.js';
import type { ArchiveStore } from './store/archive-store.port.js';

const PAGE_EVENTS = 1_000;

/** When a segment is sealed: whatever comes first. */
export interface SealLimits {
  readonly eventsMax: number;
  /** Of lines, uncompressed. */
  readonly bytesMax: number;
  /** Time of the oldest event that is not archived yet. */
  readonly ageMsMax: number;
}

/** About 4 MiB compressed: small enough to be held in memory, one of each partition, by a rebuild. */
const LIMITS: SealLimits = { eventsMax: 65_536, bytesMax: 33_554_432, ageMsMax: 3_600_000 };

/** What one look at every partition came to. */
export interface ArchivePass {
  readonly sealed: readonly SegmentRange[];
  /** Partitions that could not be archived further, with the reason; the others were. */
  readonly failed: ReadonlyMap<number, Error>;
}

/** What is not archived yet of a partition, as far as it was looked at. */
interface Pending {
  /** Offset of the first event of the next segment. */
  readonly first: bigint;
  /** One past the last event that was counted. */
  readonly counted: bigint;
  readonly bytes: number;
  readonly oldestMs: number;
}

interface ArchiverOptions {
  readonly log: LogReader;
  readonly store: ArchiveStore;
  readonly clock: Clock;
  readonly limits?: Partial<SealLimits>;
}

/**
 * Moves what a log holds into sealed segments. Everything it must remember is in the archive: it may be killed at any
 * point, and two at once only do the same work twice. The events are stored first, the manifest last, and without its
 * manifest a segment does not exist.
 */
export class LogArchiver {
  readonly #log: LogReader;
  readonly #store: ArchiveStore;
  readonly #clock: Clock;
  readonly #limits: SealLimits;
  readonly #catalogue: ArchiveCatalogue;
  readonly #pending = new Map<number, Pending>();

  constructor({ log, store, clock, limits = {} }: ArchiverOptions) {
    this.#log = log;
    this.#store = store;
    this.#clock = clock;
    this.#limits = { ...LIMITS, ...limits };
    this.#catalogue = new ArchiveCatalogue(store);
  }

  /** Seals what is due in every partition; with `all`, whatever there is. */
  async seal({
    all = false,
    signal,
  }: { readonly all?: boolean; readonly signal?: AbortSignal } = {}): Promise<ArchivePass> {
    const sealed: SegmentRange[] = [];
    const failed = new Map<number, Error>();
    for (const [partition, head] of await this.#log.heads()) {
      try {
        for await (const range of this.#sealPartition(partition, { head, all, signal })) sealed.push(range);
      } catch (error) {
        this.#pending.delete(partition); // what the archive says is asked anew
        failed.set(partition, error instanceof Error ? error : new Error(String(error)));
      }
      if (signal?.aborted === true) break;
    }
    return { sealed, failed };
  }

  /**
   * Of every partition that the log has, the offset below which it is safe in the archive without a hole: the log may
   * drop what stands there. @throws ArchiveStoreError
   */
  async archivedTo(): Promise<ReadonlyMap<number, bigint>> {
    const archived = new Map<number, bigint>();
    for (const partition of (await this.#log.heads()).keys()) {
      archived.set(partition, contiguousEnd(await this.#catalogue.refresh(partition)) ?? 0n);
    }
    return archived;
  }

  async *#sealPartition(
    partition: number,
    { head, all, signal }: { readonly head: bigint; readonly all: boolean; readonly signal: AbortSignal | undefined },
  ): AsyncGenerator<SegmentRange, void, undefined> {
    let pending = this.#pending.get(partition) ?? (await this.#resume(partition, head));
    for (;;) {
      if (!all) pending = await this.#count(partition, head, pending);
      this.#pending.set(partition, pending);
      if (pending.first >= head || !(all || this.#isDue(pending))) return;
      const next = await this.#sealFrom(partition, pending.first, head);
      yield { partition, first: pending.first, next };
      pending = startAt(next);
      this.#pending.set(partition, pending);
      if (signal?.aborted === true) return;
    }
  }

  /** Where the archive ends. @throws ForeignArchiveError when it is not this log's. */
  async #resume(partition: number, head: bigint): Promise<Pending> {
    const ranges = await this.#catalogue.refresh(partition);
    const end = contiguousEnd(ranges);
    if (end === null) return startAt((await this.#log.range(partition)).earliest);
    if (end > head) throw new ForeignArchiveError(partition, end - 1n);
    const last = ranges.findLast(({ next }) => next === end);
    if (last !== undefined) await assertSameLog(this.#log, await this.#catalogue.readManifest(last));
    return startAt(end);
  }

  /** Counts what was appended since the last look, until a segment is full. */
  async #count(partition: number, head: bigint, pending: Pending): Promise<Pending> {
    let { counted, bytes, oldestMs } = pending;
    while (counted < head && !this.#isFull({ ...pending, counted, bytes })) {
      const { events } = await this.#page(partition, counted, head);
      for (const event of events) {
        if (counted === pending.first) oldestMs = this.#timeOf(event);
        bytes += weightOf(event);
        counted += 1n;
      }
    }
    return { ...pending, counted, bytes, oldestMs };
  }

  #isDue(pending: Pending): boolean {
    return this.#isFull(pending) || this.#clock.epochMs() - pending.oldestMs >= this.#limits.ageMsMax;
  }

  #isFull({ first, counted, bytes }: Pending): boolean {
    return Number(counted - first) >= this.#limits.eventsMax || bytes >= this.#limits.bytesMax;
  }

  /** One segment: as much as fits, at most up to the head. Returns the offset behind it. */
  async #sealFrom(partition: number, first: bigint, head: bigint): Promise<bigint> {
    const { eventsMax, bytesMax } = this.#limits;
    const builder = new SegmentBuilder(partition, first);
    const hasRoom = (): boolean => builder.events < eventsMax && builder.bytes < bytesMax;
    while (builder.next < head && hasRoom()) {
      const { events } = await this.#page(partition, builder.next, head);
      for (const event of events) if (hasRoom()) await builder.add(event);
    }
    const { manifest, file } = await builder.finish();
    await this.#store.put(fileKeyOf(manifest, manifest.file.sha256), file);
    await this.#store.put(manifestKeyOf(manifest), Buffer.from(renderManifest(manifest)));
    return manifest.next;
  }

  async #page(partition: number, from: bigint, head: bigint): Promise<{ readonly events: readonly LogEvent[] }> {
    const maxEvents = Math.min(PAGE_EVENTS, Number(head - from));
    const { events } = await this.#log.read(partition, from, { maxEvents });
    if (events.length === 0) throw new Error(`Offset ${from} of partition ${partition} cannot be read up to its head.`);
    return { events };
  }

  /** As the event says itself; now, if it does not. */
  #timeOf({ headers }: LogEvent): number {
    const said = Date.parse(headers['ce_time'] ?? '');
    return Number.isNaN(said) ? this.#clock.epochMs() : said;
  }
}

const startAt = (first: bigint): Pending => ({ first, counted: first, bytes: 0, oldestMs: Infinity });

/** About the length of its line. */
const weightOf = ({ headers, value }: LogEvent): number =>
  Object.entries(headers).reduce((sum, [name, text]) => sum + name.length + text.length + 6, value.length + 150);
