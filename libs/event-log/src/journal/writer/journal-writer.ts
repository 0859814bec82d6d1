import { statSync } from 'node:fs';
import type { OpenDatabase } from '../segment/open-database.js';
import { syncDirectory } from '../segment/durable-directory.js';
import { createSegment, listSegments, removeSegments } from '../segment/segment-file.js';
import type { IdFilter } from './id-filter.js';
import {
  ENTRIES_PER_PLACE,
  unpackEvents,
  type BatchMessage,
  type Failed,
  type Opened,
  type Released,
  type WriterSettings,
  type Written,
} from './journal-messages.js';
import { SealedSegment } from './sealed-segment.js';
import { SegmentWriter } from './segment-writer.js';

/** Once, and once more over a file opened anew: what fails twice will not work at the third time. */
const ATTEMPTS = 2;
/**
 * 800 KiB of write-ahead log: whoever commits meanwhile waits a millisecond for the copy, and the log's file is
 * overwritten, which syncs twice as fast.
 */
const CHECKPOINT_FRAMES = 200;
const DAY_MS = 86_400_000;

/** What became of a batch; whoever merged it says how many it answers. */
type Outcome = Omit<Written, 'batches'> | Omit<Failed, 'batches'>;

/**
 * The one writer of a journal. After a failed COMMIT nobody knows what the disk holds, and trying again over the same
 * file handle may succeed without having written ("fsyncgate"): the file is closed, opened anew, and the batch appended
 * again by event id, which finds what had been written after all.
 */
export class JournalWriter {
  readonly #settings: WriterSettings;
  readonly #open: OpenDatabase;
  #segment: SegmentWriter | undefined;
  #sealed: SealedSegment | undefined;
  #failure: string | null = null;
  /** Ids of the two segments, kept while their files are opened anew. */
  readonly #ids = new Map<string, IdFilter>();
  #sealedBytes = 0;
  #usedBytes = 0;

  constructor(settings: WriterSettings, open: OpenDatabase) {
    this.#settings = settings;
    this.#open = open;
  }

  /** @throws Error when the newest segment cannot be written to. */
  open(nowMs: number): Opened {
    const { lastSequence } = this.#openSegments(nowMs);
    return { kind: 'opened', lastSequence, usedBytes: this.#usedBytes };
  }

  /** Writes the batch as a whole and returns only when it is durable, or in doubt, or certainly not written. */
  append(batch: BatchMessage): Outcome {
    let staged: readonly number[] | undefined;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      try {
        const segment = this.#writable(batch.nowMs);
        const places = this.#stage(segment, batch);
        staged ??= places;
        segment.commit();
        return this.#written(segment, withFlagsOf(staged, places));
      } catch (error) {
        this.#abandon(error);
      }
    }
    return { kind: 'failed', reason: this.#failure ?? 'unknown', mayBeWritten: staged !== undefined };
  }

  /** Between batches, when the write-ahead log has grown enough; or in a quiet moment, when it has grown at all. */
  checkpoint(isQuiet: boolean): void {
    try {
      if (this.#segment?.checkpoint(isQuiet ? 1 : CHECKPOINT_FRAMES) === true) this.#measure(this.#segment);
    } catch (error) {
      this.#abandon(error); // nothing is lost: what was committed stays in the write-ahead log
    }
  }

  /**
   * Removes segments that end at or before a sequence number. The newest two stay: an id that stands in them is not
   * written again.
   */
  release(sequence: number): Released | null {
    const removable = listSegments(this.#settings.directory).slice(0, -1);
    const gone = removable.slice(0, -1).filter((_, index) => removable[index + 1]!.firstSequence <= sequence + 1);
    if (gone.length === 0 || this.#segment === undefined) return null;
    this.#sealedBytes -= removeSegments(this.#settings.directory, gone);
    this.#measure(this.#segment);
    return { kind: 'released', usedBytes: this.#usedBytes };
  }

  close(): void {
    this.checkpoint(true);
    this.#closeSegments();
  }

  #stage(segment: SegmentWriter, { events, marks }: BatchMessage): number[] {
    const places: number[] = [];
    segment.begin();
    for (const event of unpackEvents(events)) {
      const [partition, eventId] = event;
      const known = segment.claim(eventId) ?? this.#sealed?.find(eventId);
      if (known === undefined) places.push(partition, segment.insert(event), 0);
      else places.push(known.partition, known.offset, 1);
    }
    for (let at = 0; at < marks.length; at += 2) segment.setMark(marks[at]!, marks[at + 1]!);
    segment.prepareCommit();
    return places;
  }

  #written({ lastSequence }: SegmentWriter, places: readonly number[]): Outcome {
    const recoveredFrom = this.#failure;
    this.#failure = null;
    return { kind: 'written', places, lastSequence, usedBytes: this.#usedBytes, recoveredFrom };
  }

  #writable(nowMs: number): SegmentWriter {
    const segment = this.#segment ?? this.#openSegments(nowMs);
    if (!this.#isComplete(segment, nowMs)) return segment;
    // From here on the old segment takes no more events: opening finds its successor and seals it.
    createSegment(this.#settings.directory, segment.successor(nowMs), this.#open);
    this.#closeSegments();
    return this.#openSegments(nowMs);
  }

  #isComplete(segment: SegmentWriter, nowMs: number): boolean {
    if (segment.isEmpty) return false;
    const isFull = this.#usedBytes - this.#sealedBytes >= this.#settings.segmentBytesMax;
    return isFull || Math.floor(nowMs / DAY_MS) > Math.floor(segment.createdMs / DAY_MS);
  }

  #openSegments(nowMs: number): SegmentWriter {
    const { directory } = this.#settings;
    if (listSegments(directory).length === 0) {
      const start = {
        firstSequence: 1,
        createdMs: nowMs,
        heads: new Map<number, number>(),
        marks: new Map<string, string>(),
      };
      createSegment(directory, start, this.#open);
    }
    // Whoever made the newest segment may have failed, or died, before its name was durable. It must be: the segment
    // before it is sealed now, and what is written to the new one is acknowledged.
    syncDirectory(directory);
    const files = listSegments(directory);
    const [file, before] = files.toReversed();
    if (file === undefined) throw new Error(`The journal in ${directory} has lost its segment.`);
    this.#sealed = before && SealedSegment.open(before, this.#open, this.#ids.get(before.path));
    this.#segment = SegmentWriter.open(file, this.#open, this.#ids.get(file.path));
    this.#segment.makeDurable();
    this.#ids.clear();
    this.#ids.set(file.path, this.#segment.ids);
    if (before !== undefined && this.#sealed !== undefined) this.#ids.set(before.path, this.#sealed.ids);
    this.#sealedBytes = files.slice(0, -1).reduce((sum, { path }) => sum + statSync(path).size, 0);
    this.#measure(this.#segment);
    return this.#segment;
  }

  #measure(segment: SegmentWriter): void {
    this.#usedBytes = this.#sealedBytes + segment.measureBytes();
  }

  #abandon(error: unknown): void {
    this.#failure = error instanceof Error ? error.message : String(error);
    this.#closeSegments();
  }

  /** Whatever close says, the handles are gone: the next append begins with files opened anew. */
  #closeSegments(): void {
    for (const open of [this.#segment, this.#sealed]) {
      try {
        open?.close();
      } catch (error) {
        this.#failure ??= error instanceof Error ? error.message : String(error);
      }
    }
    this.#segment = undefined;
    this.#sealed = undefined;
  }
}

/** What the first attempt wrote after all is no duplicate, although the second one finds it there. */
function withFlagsOf(staged: readonly number[], places: readonly number[]): readonly number[] {
  if (staged === places) return places;
  return places.map((entry, index) => (index % ENTRIES_PER_PLACE === ENTRIES_PER_PLACE - 1 ? staged[index]! : entry));
}
