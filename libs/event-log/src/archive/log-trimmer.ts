import type { Clock } from '#contracts';
import { CorruptLogError, ForeignArchiveError } from '../event-log.errors.js';
import type { LogReader } from '../event-log.port.js';
import { ArchiveCatalogue, assertSameLog } from './archive-catalogue.js';
import type { SegmentRange } from './segment/segment-name.js';
import type { ArchiveStore } from './store/archive-store.port.js';
import type { TrimmableLog } from './trimmable-log.port.js';

/** What was dropped of the log, and where it could not be. */
export interface TrimPass {
  /** By partition: the log had it from `first` on, and begins at `next` now. */
  readonly trimmed: readonly SegmentRange[];
  /** Partitions whose archive is not what was written or not this log's: nothing is dropped from there on. */
  readonly failed: ReadonlyMap<number, Error>;
}

interface TrimmerOptions {
  /** The live log, from the offset on that it still keeps. */
  readonly log: LogReader;
  readonly trimmable: TrimmableLog;
  readonly store: ArchiveStore;
  readonly clock: Clock;
}

export interface TrimRequest {
  /** Only what the log took longer ago. */
  readonly olderThanMs: number;
  /** Offsets that tables have passed for good; nothing is dropped of a partition that is not among them. */
  readonly passed: ReadonlyMap<number, bigint>;
  readonly signal?: AbortSignal;
}

/**
 * Drops of a log what its archive holds. Every segment is read back and checked, to its last event, before the log
 * loses what is in it; of a segment all is dropped or nothing, so that none is read twice for that.
 */
export class LogTrimmer {
  constructor(private readonly options: TrimmerOptions) {}

  /** @throws LogUnavailableError @throws ArchiveStoreError */
  async trim({ olderThanMs, passed, signal }: TrimRequest): Promise<TrimPass> {
    const { log, trimmable, store, clock } = this.options;
    const old = await trimmable.takenBefore(clock.epochMs() - olderThanMs);
    const catalogue = new ArchiveCatalogue(store);
    const trimmed: SegmentRange[] = [];
    const failed = new Map<number, Error>();
    for (const partition of (await log.heads()).keys()) {
      if (signal?.aborted === true) break;
      const limit = smaller(old.get(partition) ?? 0n, passed.get(partition) ?? 0n);
      const { earliest } = await log.range(partition);
      let next = earliest;
      try {
        for await (const end of this.#soundSegments(catalogue, { partition, first: earliest, next: limit })) next = end;
      } catch (error) {
        if (!isAboutTheArchive(error)) throw error;
        failed.set(partition, error);
      }
      if (next > earliest) trimmed.push({ partition, first: earliest, next });
    }
    if (trimmed.length > 0) await trimmable.dropBelow(new Map(trimmed.map(({ partition, next }) => [partition, next])));
    return { trimmed, failed };
  }

  /** Ends of the segments that follow one another through a range, each after it was found to be sound. */
  async *#soundSegments(catalogue: ArchiveCatalogue, range: SegmentRange): AsyncGenerator<bigint, void, undefined> {
    const { partition, first, next: limit } = range;
    if (first >= limit) return;
    const ranges = await catalogue.rangesOf(partition);
    for (let at = first; ;) {
      const covers = ranges.filter(({ first: from, next }) => from <= at && at < next && next <= limit);
      const segment = covers.at(-1);
      if (segment === undefined) return;
      await this.#assertSound(catalogue, segment);
      yield (at = segment.next);
    }
  }

  /** @throws CorruptLogError @throws ForeignArchiveError */
  async #assertSound(catalogue: ArchiveCatalogue, range: SegmentRange): Promise<void> {
    const segment = await catalogue.openSegment(range);
    for (let offset = range.first; offset < range.next;) for (const _ of segment.from(offset)) offset += 1n;
    await assertSameLog(this.options.log, segment.manifest);
  }
}

const isAboutTheArchive = (error: unknown): error is Error =>
  error instanceof CorruptLogError || error instanceof ForeignArchiveError;
const smaller = (one: bigint, other: bigint): bigint => (other < one ? other : one);
