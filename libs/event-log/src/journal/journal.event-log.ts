import { statfsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '#contracts';
import {
  AppendQueue,
  type Append,
  type CommitResult,
  type Grouping,
  type QueueLimits,
} from '../appending/append-queue.js';
import { measureBatch } from '../appending/measure-batch.js';
import { ClosedLogError, JournalFullError } from '../event-log.errors.js';
import type {
  AppendedAt,
  AppendOptions,
  Assignment,
  HeadsOptions,
  LogEvent,
  LogRecord,
  LogSlice,
  ReadOptions,
} from '../event-log.port.js';
import { ReplicaLog, type FindOptions, type LogSize, type SequencedEvent } from '../replica-log.port.js';
import { DataLock } from './data-lock.js';
import { JournalLogReader } from './journal.log-reader.js';
import { assertSqliteVersion } from './segment/open-database.js';
import { packRecord, placeAt, type Opened, type Written } from './writer/journal-messages.js';
import { WriterThread } from './writer-thread.js';

const GIB = 1_073_741_824;
const SEGMENT_BYTES_MAX = GIB;
const JOURNAL_BYTES_MAX = 20 * GIB;
const FILE_SYSTEM_SHARE = 0.8;
/** A small journal has shorter segments: the newest two stay whatever is released, and must not fill it. */
const SEGMENTS_LEAST = 8;
/** Room that admission leaves to the facts of requests under way; of a small journal a sixteenth, */
const RESERVE_BYTES = 67_108_864;
/** but more than the write-ahead log may have grown by since the size was measured. */
const RESERVE_BYTES_LEAST = 4_194_304;
const QUEUE_LIMITS: QueueLimits = { eventsMax: 10_000, bytesMax: 33_554_432 };
/** Enough under way to keep the writer busy while answers travel. */
const GROUPING: Grouping = { groupEventsMax: 128, groupBytesMax: 262_144, underWayMax: 4 };
/** A mark that is written only to find out whether the disk takes it. */
const PROBE = 'probe';
const PROBE_EVERY_MS = 500;

export interface JournalOptions {
  /** Folder of the journal; made if it does not exist. */
  readonly directory: string;
  readonly clock: Clock;
  /** Where the owner can be reached, told to whoever finds the folder taken. */
  readonly listensOn?: string;
  /** Size at which appends are refused; 20 GiB or 80 % of the file system, whichever is less, if not given. */
  readonly maxBytes?: number;
  /** Journals that divide that part of the file system among them; 1 if not given. */
  readonly journalsOnDisk?: number;
  /** Size at which the next segment begins; an eighth of `maxBytes` at most, 1 GiB if not given. */
  readonly segmentBytesMax?: number;
  readonly queueLimits?: QueueLimits;
  /**
   * The file was opened anew after a failure, and what was in doubt has been written: nothing is lost, but look at the
   * disk.
   */
  readonly onRecovery?: (reason: string) => void;
  /** The writer's program; tests give one that fails on demand. */
  readonly workerEntry?: URL;
}

/** The durable log of one replica: SQLite files, one writer in a thread of its own, group commit without a timer. */
export class JournalEventLog extends ReplicaLog {
  readonly #options: JournalOptions;
  readonly #bytesMax: number;
  readonly #lock: DataLock;
  readonly #thread: WriterThread;
  readonly #reader: JournalLogReader;
  readonly #queue: AppendQueue;
  #lastSequence = 0;
  #usedBytes = 0;
  #isFailing = false;
  #closing: Promise<void> | undefined;

  private constructor(options: JournalOptions, lock: DataLock) {
    super();
    const { directory, clock, maxBytes, journalsOnDisk = 1, segmentBytesMax = SEGMENT_BYTES_MAX } = options;
    const entry = options.workerEntry ?? new URL('./writer/journal.worker.js', import.meta.url);
    this.#options = options;
    const share = FILE_SYSTEM_SHARE / journalsOnDisk;
    this.#bytesMax = maxBytes ?? Math.min(JOURNAL_BYTES_MAX, fileSystemBytes(directory) * share);
    this.#lock = lock;
    const settings = { directory, segmentBytesMax: Math.min(segmentBytesMax, this.#bytesMax / SEGMENTS_LEAST) };
    this.#thread = new WriterThread(entry, settings, (usedBytes) => {
      this.#usedBytes = usedBytes;
      this.#reader.forgetReleased();
    });
    this.#reader = new JournalLogReader({ directory, clock, isWoken: true });
    this.#queue = new AppendQueue((appends) => this.#commit(appends), {
      ...GROUPING,
      ...(options.queueLimits ?? QUEUE_LIMITS),
    });
  }

  /** @throws DataLockedError naming the process that has the journal. @throws Error when its files cannot be used. */
  static async open(options: JournalOptions): Promise<JournalEventLog> {
    assertSqliteVersion();
    const { directory, clock, listensOn } = options;
    const lock = DataLock.acquire({ directory, nowMs: clock.epochMs(), ...(listensOn !== undefined && { listensOn }) });
    try {
      const journal = new JournalEventLog(options, lock);
      await journal.#start();
      return journal;
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  async append(batch: readonly LogRecord[], options: AppendOptions = {}): Promise<readonly AppendedAt[]> {
    const { deadlineMs, beyondLimit = false } = options;
    if (this.#closing !== undefined) throw new ClosedLogError();
    if (batch.length === 0) return [];
    const bytes = measureBatch(batch);
    if (this.#usedBytes >= this.#bytesMax && !beyondLimit) {
      throw new JournalFullError(`The journal has reached its ${this.#bytesMax} bytes.`);
    }
    return await this.#queue.append({ records: batch, bytes, deadlineMs });
  }

  async setMark(name: string, value: string): Promise<void> {
    if (this.#closing !== undefined) throw new ClosedLogError();
    await this.#queue.append({ records: [], bytes: name.length + value.length, mark: { name, value } });
  }

  release(throughSequence: number): void {
    if (this.#closing === undefined) this.#thread.release(throughSequence);
  }

  isFull(): boolean {
    return this.#usedBytes >= this.#bytesMax - this.#reserveBytes();
  }

  #reserveBytes(): number {
    return Math.min(RESERVE_BYTES, Math.max(RESERVE_BYTES_LEAST, this.#bytesMax / 16));
  }

  size(): LogSize {
    return { bytes: this.#usedBytes, bytesMax: this.#bytesMax };
  }

  isFailing(): boolean {
    return this.#isFailing;
  }

  lastSequence(): number {
    return this.#lastSequence;
  }

  read(partition: number, from: bigint, options?: ReadOptions): Promise<LogSlice> {
    return this.#reader.read(partition, from, options);
  }

  range(partition: number): Promise<{ readonly earliest: bigint; readonly highWater: bigint }> {
    return this.#reader.range(partition);
  }

  heads(options?: HeadsOptions): Promise<ReadonlyMap<number, bigint>> {
    return this.#reader.heads(options);
  }

  find(eventIds: readonly string[], options?: FindOptions): Promise<readonly LogEvent[]> {
    return this.#reader.find(eventIds, options);
  }

  claim(): AsyncIterable<Assignment> {
    return this.#reader.claim();
  }

  scan(fromSequence: number, types?: readonly string[]): AsyncIterable<SequencedEvent> {
    return this.#reader.scan(fromSequence, types);
  }

  marks(): Promise<ReadonlyMap<string, string>> {
    return this.#reader.marks();
  }

  /** Writes what is queued, then gives the folder free. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#queue.drained();
    await this.#thread.stop();
    await this.#reader.close();
    this.#lock.release();
  }

  async #start(): Promise<void> {
    const { clock, directory } = this.#options;
    const reply = await this.#thread.start(clock.epochMs());
    if (reply.kind === 'failed') throw new Error(`The journal in ${directory} cannot be opened: ${reply.reason}`);
    this.#note(reply);
  }

  async #commit(appends: readonly Append[]): Promise<CommitResult> {
    const events: (string | number)[] = [];
    const marks: string[] = [];
    let count = 0;
    for (const { records, mark } of appends) {
      for (const record of records) packRecord(record, events);
      count += records.length;
      if (mark !== undefined) marks.push(mark.name, mark.value);
    }
    const reply = await this.#thread.append({ kind: 'append', events, marks, nowMs: this.#options.clock.epochMs() });
    if (reply.kind === 'failed') {
      if (!this.#isFailing) void this.#probe();
      return reply;
    }
    this.#isFailing = false;
    this.#note(reply);
    if (reply.recoveredFrom !== null) this.#options.onRecovery?.(reply.recoveredFrom);
    return { places: Array.from({ length: count }, (_, index) => placeAt(reply.places, index)) };
  }

  /** Whoever asks first whether it fails may then ask nothing more of it, so it tries by itself. */
  async #probe(): Promise<void> {
    this.#isFailing = true;
    while (this.#isFailing && this.#closing === undefined) {
      await sleep(PROBE_EVERY_MS, undefined, { ref: false });
      await this.setMark(PROBE, String(this.#options.clock.epochMs())).catch(() => undefined); // then again
    }
  }

  #note({ lastSequence, usedBytes }: Opened | Written): void {
    this.#lastSequence = lastSequence;
    this.#usedBytes = usedBytes;
    this.#reader.wake();
  }
}

function fileSystemBytes(directory: string): number {
  const { blocks, bsize } = statfsSync(directory);
  return blocks * bsize;
}
