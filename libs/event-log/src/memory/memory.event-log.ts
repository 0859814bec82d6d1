import type { Clock } from '#contracts';
import { measureBatch } from '../appending/measure-batch.js';
import {
  ClosedLogError,
  IndefiniteAppendError,
  OffsetOutOfRangeError,
  RejectedAppendError,
} from '../event-log.errors.js';
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
import { PARTITION_COUNT } from '../identity/partition-of.js';
import { ReplicaLog, type LogSize, type SequencedEvent } from '../replica-log.port.js';
import { areEqualHeads } from '../waiting/are-equal-heads.js';
import { promised } from '../waiting/promised.js';
import { Sleepers, UNTIL_WOKEN } from '../waiting/sleepers.js';

const EVENTS_MAX = 1_000;
const BYTES_MAX = 4_194_304;

/** What the next append answers: refused; in doubt and not written; in doubt although written. */
export type AppendFault = 'rejected' | 'indefinite' | 'indefinite-written';

/** The log of a simulation: the journal's semantics without a disk, and failures on demand. */
export class MemoryEventLog extends ReplicaLog {
  readonly #sleepers: Sleepers;
  readonly #events: LogEvent[] = [];
  readonly #partitions = new Map<number, LogEvent[]>();
  readonly #byId = new Map<string, LogEvent>();
  readonly #marks = new Map<string, string>();
  readonly #faults: AppendFault[] = [];
  readonly #closing: PromiseWithResolvers<void> = Promise.withResolvers();
  #isStalled = false;
  #isClosed = false;

  constructor(clock: Clock) {
    super();
    this.#sleepers = new Sleepers(clock, UNTIL_WOKEN);
  }

  /** Makes one append fail; called twice, the next two. */
  failNext(fault: AppendFault): void {
    this.#faults.push(fault);
  }

  /** Until `resume`, appends wait as they do for a slow disk. */
  stall(): void {
    this.#isStalled = true;
  }

  resume(): void {
    this.#isStalled = false;
    this.#sleepers.wake();
  }

  async append(batch: readonly LogRecord[], { deadlineMs }: AppendOptions = {}): Promise<readonly AppendedAt[]> {
    this.#assertOpen();
    if (batch.length === 0) return [];
    measureBatch(batch);
    await this.#sleepers.sleepUntil(() => !this.#isStalled, deadlineMs ?? Infinity);
    if (this.#isStalled) throw new RejectedAppendError(`The append was not durable after ${deadlineMs} ms.`);
    const fault = this.#faults.shift();
    if (fault === 'rejected') throw new RejectedAppendError('The append failed as told.');
    if (fault === 'indefinite') throw new IndefiniteAppendError('The append failed as told.');
    const places = batch.map((record) => this.#write(record));
    this.#sleepers.wake();
    if (fault === 'indefinite-written') throw new IndefiniteAppendError('The append failed as told.');
    return places;
  }

  async read(partition: number, from: bigint, options: ReadOptions = {}): Promise<LogSlice> {
    const { maxEvents = EVENTS_MAX, maxBytes = BYTES_MAX, waitMs = 0 } = options;
    await this.#sleepers.sleepUntil(() => this.#isClosed || this.#highWater(partition) > from, waitMs);
    const { earliest, highWater } = await this.range(partition);
    if (from < earliest || from > highWater) throw new OffsetOutOfRangeError(partition, from, { earliest, highWater });
    const events: LogEvent[] = [];
    let bytes = 0;
    for (const event of this.#partitions.get(partition)?.slice(Number(from), Number(from) + maxEvents) ?? []) {
      bytes += event.value.length;
      if (events.length > 0 && bytes > maxBytes) break;
      events.push(event);
    }
    return { events, next: from + BigInt(events.length), highWater };
  }

  range(partition: number): Promise<{ readonly earliest: bigint; readonly highWater: bigint }> {
    return this.#answer(() => ({ earliest: 0n, highWater: this.#highWater(partition) }));
  }

  async heads({ after, waitMs }: HeadsOptions = { after: new Map(), waitMs: 0 }): Promise<ReadonlyMap<number, bigint>> {
    await this.#sleepers.sleepUntil(() => this.#isClosed || !areEqualHeads(after, this.#heads()), waitMs);
    return this.#answer(() => this.#heads());
  }

  find(eventIds: readonly string[]): Promise<readonly LogEvent[]> {
    return this.#answer(() =>
      eventIds.flatMap((eventId) => {
        const event = this.#byId.get(eventId);
        return event === undefined ? [] : [event];
      }),
    );
  }

  async *claim(): AsyncGenerator<Assignment, void, undefined> {
    yield { assigned: Array.from({ length: PARTITION_COUNT }, (_, partition) => partition), revoked: [], epoch: 1n };
    await this.#closing.promise;
  }

  async *scan(fromSequence: number, types?: readonly string[]): AsyncGenerator<SequencedEvent, void, undefined> {
    const end = this.#events.length;
    for (let sequence = Math.max(fromSequence, 1); sequence <= end; sequence += 1) {
      const event = await this.#answer(() => this.#events[sequence - 1]!);
      if (types === undefined || types.includes(event.type)) yield { sequence, event };
    }
  }

  lastSequence(): number {
    return this.#events.length;
  }

  async setMark(name: string, value: string): Promise<void> {
    await this.#answer(() => this.#marks.set(name, value));
  }

  marks(): Promise<ReadonlyMap<string, string>> {
    return this.#answer(() => new Map(this.#marks));
  }

  /** Keeps everything: simulations are short. */
  release(): void {}

  isFailing(): boolean {
    return false;
  }

  size(): LogSize {
    return { bytes: 0, bytesMax: Infinity };
  }

  isFull(): boolean {
    return false;
  }

  close(): Promise<void> {
    return promised(() => {
      this.#isClosed = true;
      this.#closing.resolve();
      this.resume();
    });
  }

  #write(record: LogRecord): AppendedAt {
    const { partition, eventId } = record;
    const known = this.#byId.get(eventId);
    if (known !== undefined) return { partition: known.partition, offset: known.offset, duplicate: true };
    const events = this.#partitions.get(partition) ?? [];
    const event: LogEvent = { ...record, headers: { ...record.headers }, offset: BigInt(events.length) };
    this.#partitions.set(partition, events);
    events.push(event);
    this.#events.push(event);
    this.#byId.set(eventId, event);
    return { partition, offset: event.offset, duplicate: false };
  }

  #heads(): ReadonlyMap<number, bigint> {
    return new Map([...this.#partitions].map(([partition, events]) => [partition, BigInt(events.length)]));
  }

  #highWater(partition: number): bigint {
    return BigInt(this.#partitions.get(partition)?.length ?? 0);
  }

  #answer<Answer>(compute: () => Answer): Promise<Answer> {
    return promised(() => {
      this.#assertOpen();
      return compute();
    });
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new ClosedLogError();
  }
}
