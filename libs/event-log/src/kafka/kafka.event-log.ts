import type { Clock } from '#contracts';
import { AppendQueue, type Grouping, type QueueLimits } from '../appending/append-queue.js';
import { measureBatch } from '../appending/measure-batch.js';
import { ClosedLogError } from '../event-log.errors.js';
import {
  EventLog,
  type AppendedAt,
  type AppendOptions,
  type Assignment,
  type HeadsOptions,
  type LogRecord,
  type LogSlice,
  type ReadOptions,
} from '../event-log.port.js';
import { atMost } from '../waiting/at-most.js';
import { KafkaLogReader } from './kafka.log-reader.js';
import { EVENTS_TOPIC, type KafkaOptions } from './client/kafka.options.js';
import { ProducerLoop } from './producer-loop.js';

const LIMITS: QueueLimits & Grouping = {
  eventsMax: 20_000,
  bytesMax: 67_108_864,
  groupEventsMax: 2_000,
  groupBytesMax: 1_048_576,
  underWayMax: 1,
};

const CLOSE_WITHIN_MS = 5_000;

/**
 * The log that all replicas share. An append is sent until the brokers have it; a caller who cannot wait gives a
 * deadline. Two things are weaker than in a journal: an event may be there twice, for the reader to tell by its id,
 * and the events of one append become visible partition by partition.
 */
export class KafkaEventLog extends EventLog {
  readonly #reader: KafkaLogReader;
  readonly #producer: ProducerLoop;
  readonly #queue: AppendQueue;
  #closing: Promise<void> | undefined;

  constructor(options: KafkaOptions, clock: Clock) {
    super();
    this.#reader = new KafkaLogReader(options, clock);
    this.#producer = new ProducerLoop(options, options.topic ?? EVENTS_TOPIC);
    this.#queue = new AppendQueue((appends) => this.#producer.send(appends), LIMITS);
  }

  override get isShared(): boolean {
    return true;
  }

  async append(batch: readonly LogRecord[], { deadlineMs }: AppendOptions = {}): Promise<readonly AppendedAt[]> {
    if (this.#closing !== undefined) throw new ClosedLogError();
    if (batch.length === 0) return [];
    return await this.#queue.append({ records: batch, bytes: measureBatch(batch), deadlineMs });
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

  claim(projection: string): AsyncIterable<Assignment> {
    return this.#reader.claim(projection);
  }

  /** Sends what is queued, unless the brokers are away: then what is under way ends in doubt after five seconds. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await atMost(CLOSE_WITHIN_MS, this.#queue.drained());
    await this.#end();
  }

  async #end(): Promise<void> {
    this.#producer.close();
    await this.#reader.close();
  }
}
