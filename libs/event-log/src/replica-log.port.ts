import { EventLog, type LogEvent } from './event-log.port.js';

/** An event with its place among all events of one log, whatever their partition. */
export interface SequencedEvent {
  readonly sequence: number;
  readonly event: LogEvent;
}

/**
 * The log that one replica writes alone. Having one writer, it has one order over all partitions, and room for marks
 * that become durable with the events they speak of: what recovery after a crash needs.
 */
export abstract class ReplicaLog extends EventLog {
  /** Everything from a sequence number on, up to what was there at the call, in the order it was appended. */
  abstract scan(fromSequence: number, types?: readonly string[]): AsyncIterable<SequencedEvent>;
  /** Sequence number of the newest event; 0 when there is none. They begin at 1 and have no holes. */
  abstract lastSequence(): number;
  /** Remembers a value under a name; resolves when it is durable. */
  abstract setMark(name: string, value: string): Promise<void>;
  abstract marks(): Promise<ReadonlyMap<string, string>>;
  /** True shortly before appends are refused, so that admission stops while facts under way still find room. */
  abstract isFull(): boolean;
}
