import { EventLog, type LogEvent } from './event-log.port.js';

export interface FindOptions {
  /** Nothing appended before this Unix time is looked for: spares a log of many segments the search in old ones. */
  readonly sinceMs?: number;
}

/** An event with its place among all events of one log, whatever their partition. */
export interface SequencedEvent {
  readonly sequence: number;
  readonly event: LogEvent;
}

/** What a log takes up where it is kept, and what it may. */
export interface LogSize {
  readonly bytes: number;
  readonly bytesMax: number;
}

/**
 * The log that one replica writes alone. Having one writer, it has one order over all partitions, and room for marks
 * that become durable with the events they speak of: what recovery after a crash needs.
 */
export abstract class ReplicaLog extends EventLog {
  /** Everything from a sequence number on, up to what was there at the call, in the order it was appended. */
  abstract scan(fromSequence: number, types?: readonly string[]): AsyncIterable<SequencedEvent>;
  /** The events with these ids that this log still holds, in no promised order. */
  abstract find(eventIds: readonly string[], options?: FindOptions): Promise<readonly LogEvent[]>;
  /** Sequence number of the newest event; 0 when there is none. They begin at 1 and have no holes. */
  abstract lastSequence(): number;
  /** Remembers a value under a name; resolves when it is durable. */
  abstract setMark(name: string, value: string): Promise<void>;
  abstract marks(): Promise<ReadonlyMap<string, string>>;
  /**
   * Nobody needs what stands up to this sequence number any more: the log may let it go, whenever it likes.
   */
  abstract release(throughSequence: number): void;
  /** True shortly before appends are refused, so that admission stops while facts under way still find room. */
  abstract isFull(): boolean;
  abstract size(): LogSize;
  /** True from an append that failed until one succeeds; the log finds out by itself when that is so. */
  abstract isFailing(): boolean;
}
