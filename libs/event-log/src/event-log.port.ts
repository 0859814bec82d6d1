/**
 * One record to append. `value` is the event's JSON; headers are the CloudEvents attributes of the Kafka binary
 * binding.
 */
export interface LogRecord {
  readonly partition: number;
  /** uuidv5 of request, kind and attempt: appending an id again has no second effect. */
  readonly eventId: string;
  readonly type: string;
  readonly version: number;
  readonly tenant: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: string;
}

/** A record with its place in the log. */
export interface LogEvent extends LogRecord {
  readonly offset: bigint;
}

/** Where a record stands; `duplicate` when this log knows that its id had been appended before. */
export interface AppendedAt {
  readonly partition: number;
  readonly offset: bigint;
  readonly duplicate: boolean;
}

export interface LogSlice {
  readonly events: readonly LogEvent[];
  /** Offset to read from next. */
  readonly next: bigint;
  /** One past the last readable offset. */
  readonly highWater: bigint;
}

export interface ReadOptions {
  readonly maxEvents?: number;
  readonly maxBytes?: number;
  /** How long to wait for a first event; 0 returns at once. */
  readonly waitMs?: number;
}

/** Returns when a head differs from `after`, or when the time is over: a reader of many partitions waits once. */
export interface HeadsOptions {
  readonly after: ReadonlyMap<number, bigint>;
  readonly waitMs: number;
}

/** Partitions gained and lost by one consumer, under a fencing epoch. */
export interface Assignment {
  readonly assigned: readonly number[];
  readonly revoked: readonly number[];
  readonly epoch: bigint;
}

/** What a projector needs of a log, and all that a process other than the writer can have of a journal. */
export abstract class LogReader {
  /** Several consumers of one kind divide the partitions among themselves, and anew when one comes or goes. */
  get isShared(): boolean {
    return false;
  }

  /**
   * Events in offset order, at least one if there is one, however large; fewer than asked for does not mean the end.
   * A log behind a network may hold an event twice: its id tells.
   * @throws OffsetOutOfRangeError when `from` lies below the earliest kept offset or above the high-water mark.
   */
  abstract read(partition: number, from: bigint, options?: ReadOptions): Promise<LogSlice>;
  abstract range(partition: number): Promise<{ readonly earliest: bigint; readonly highWater: bigint }>;
  /** High-water marks of every partition that has events. */
  abstract heads(options?: HeadsOptions): Promise<ReadonlyMap<number, bigint>>;
  /** Partitions that this consumer owns, as they change; one assignment for a log that has a single reader. */
  abstract claim(projection: string): AsyncIterable<Assignment>;
  abstract close(): Promise<void>;
}

export interface AppendOptions {
  /** How long the caller waits, from the call on. */
  readonly deadlineMs?: number;
  /** Written although the log has reached its size: for the little without which nothing can be let go. */
  readonly beyondLimit?: boolean;
}

/**
 * The source of truth. Events of one partition keep the order in which they were appended, offsets have no holes, and
 * `append` resolves only when the whole batch is durable. A log on disk writes the whole batch, or none of it.
 */
export abstract class EventLog extends LogReader {
  /**
   * @throws RejectedAppendError certainly not written. @throws IndefiniteAppendError may be. @throws ClosedLogError.
   */
  abstract append(batch: readonly LogRecord[], options?: AppendOptions): Promise<readonly AppendedAt[]>;
}
