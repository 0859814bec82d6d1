import { CorruptLogError, MissingEventsError, OffsetOutOfRangeError } from '../event-log.errors.js';
import {
  LogReader,
  type Assignment,
  type HeadsOptions,
  type LogEvent,
  type LogSlice,
  type ReadOptions,
} from '../event-log.port.js';
import { PARTITION_COUNT } from '../identity/partition-of.js';
import { ArchiveCatalogue, assertSameLog } from './archive-catalogue.js';
import type { SegmentFile } from './segment/segment-file.js';
import type { SegmentRange } from './segment/segment-name.js';
import type { ArchiveStore } from './store/archive-store.port.js';

const EVENTS_MAX = 1_000;
const BYTES_MAX = 4_194_304;
const PARTITIONS = Array.from({ length: PARTITION_COUNT }, (_, partition) => partition);

/**
 * A log whose beginning lies in an archive: what is archived is read there, the rest in the live log. Every archived
 * event is checked against its segment's checksum and Merkle root; what is damaged or missing is named, never skipped.
 */
export class ArchivedLogReader extends LogReader {
  readonly #log: LogReader;
  readonly #store: ArchiveStore;
  readonly #catalogue: ArchiveCatalogue;
  /** The segment that was read last of each partition: the next read wants it again. */
  readonly #open = new Map<number, SegmentFile>();
  readonly #compared = new Set<number>();
  #heads: ReadonlyMap<number, bigint> = new Map();

  constructor({ log, store }: { readonly log: LogReader; readonly store: ArchiveStore }) {
    super();
    this.#log = log;
    this.#store = store;
    this.#catalogue = new ArchiveCatalogue(store);
  }

  override get isShared(): boolean {
    return this.#log.isShared;
  }

  /**
   * @throws CorruptLogError, MissingEventsError where neither archive nor log has an event, ForeignArchiveError,
   * ArchiveStoreError, OffsetOutOfRangeError
   */
  async read(partition: number, from: bigint, options: ReadOptions = {}): Promise<LogSlice> {
    const ranges = await this.#catalogue.rangesOf(partition);
    await this.#compareOnce(partition, ranges);
    const end = endOf(ranges);
    if (end !== undefined && from < end) return this.#readArchive(partition, from, options);
    try {
      return await this.#log.read(partition, from, options);
    } catch (error) {
      if (!(error instanceof OffsetOutOfRangeError)) throw error;
      return this.#readBelow(error, from, options);
    }
  }

  async range(partition: number): Promise<{ readonly earliest: bigint; readonly highWater: bigint }> {
    const live = await this.#log.range(partition);
    const ranges = await this.#catalogue.rangesOf(partition);
    const [first] = ranges;
    if (first === undefined) return live;
    return { earliest: smaller(first.first, live.earliest), highWater: larger(endOf(ranges) ?? 0n, live.highWater) };
  }

  async heads(options?: HeadsOptions): Promise<ReadonlyMap<number, bigint>> {
    const heads = new Map(await this.#log.heads(options));
    for (const partition of PARTITIONS) {
      const end = endOf(await this.#catalogue.rangesOf(partition));
      if (end !== undefined && end > (heads.get(partition) ?? 0n)) heads.set(partition, end);
    }
    this.#heads = heads;
    return heads;
  }

  claim(projection: string): AsyncIterable<Assignment> {
    return this.#log.claim(projection);
  }

  async close(): Promise<void> {
    this.#open.clear();
    await this.#store.close();
    await this.#log.close();
  }

  async #readArchive(partition: number, from: bigint, options: ReadOptions): Promise<LogSlice> {
    const { maxEvents = EVENTS_MAX, maxBytes = BYTES_MAX } = options;
    const segment = await this.#segmentAt(partition, from);
    const events: LogEvent[] = [];
    let bytes = 0;
    for (const event of segment.from(from)) {
      bytes += event.value.length;
      if (events.length === maxEvents || (events.length > 0 && bytes > maxBytes)) break;
      events.push(event);
    }
    return { events, next: from + BigInt(events.length), highWater: await this.#highWater(partition) };
  }

  /** As it was when all heads were last asked for: a log behind a network is not asked once more for every page. */
  async #highWater(partition: number): Promise<bigint> {
    return this.#heads.get(partition) ?? (await this.range(partition)).highWater;
  }

  async #segmentAt(partition: number, offset: bigint): Promise<SegmentFile> {
    const open = this.#open.get(partition);
    if (open !== undefined && contains(open.manifest, offset)) return open;
    const ranges = await this.#catalogue.rangesOf(partition);
    const range = ranges.findLast((candidate) => contains(candidate, offset));
    if (range === undefined) throw this.#missing(partition, offset, ranges);
    this.#open.delete(partition);
    const segment = await this.#catalogue.openSegment(range);
    this.#open.set(partition, segment);
    return segment;
  }

  /** The live log does not have it: has it been archived and dropped meanwhile, or is it the archive that ends here? */
  async #readBelow(error: OffsetOutOfRangeError, from: bigint, options: ReadOptions): Promise<LogSlice> {
    const { partition, earliest, highWater } = error;
    const ranges = await this.#catalogue.refresh(partition);
    const end = endOf(ranges);
    if (end !== undefined && from < end) return this.#readArchive(partition, from, options);
    if (from === end && from > highWater) return { events: [], next: from, highWater: from };
    if (from < earliest && end !== undefined) throw this.#missing(partition, from, ranges);
    throw error;
  }

  #missing(partition: number, offset: bigint, ranges: readonly SegmentRange[]): CorruptLogError {
    const after = ranges.find(({ first }) => first > offset);
    const told = after === undefined ? `the archive ends there` : `the archive goes on at offset ${after.first}`;
    return new MissingEventsError(`partition ${partition}, offset ${offset}`, told);
  }

  async #compareOnce(partition: number, ranges: readonly SegmentRange[]): Promise<void> {
    const last = ranges.at(-1);
    if (last === undefined || this.#compared.has(partition)) return;
    await assertSameLog(this.#log, await this.#catalogue.readManifest(last));
    this.#compared.add(partition);
  }
}

const contains = ({ first, next }: SegmentRange, offset: bigint): boolean => first <= offset && offset < next;
const endOf = (ranges: readonly SegmentRange[]): bigint | undefined =>
  ranges.reduce<bigint | undefined>((end, { next }) => (end === undefined || next > end ? next : end), undefined);
const smaller = (one: bigint, other: bigint): bigint => (other < one ? other : one);
const larger = (one: bigint, other: bigint): bigint => (other > one ? other : one);
