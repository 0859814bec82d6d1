import type { Clock } from '#contracts';
import { ClosedLogError, OffsetOutOfRangeError } from '../event-log.errors.js';
import {
  LogReader,
  type Assignment,
  type HeadsOptions,
  type LogEvent,
  type LogSlice,
  type ReadOptions,
} from '../event-log.port.js';
import { PARTITION_COUNT } from '../identity/partition-of.js';
import { areEqualHeads } from '../waiting/are-equal-heads.js';
import { GroupMembership } from './group-membership.js';
import { EVENTS_TOPIC, type KafkaOptions } from './client/kafka.options.js';
import { KafkaConnection } from './client/kafka-connection.js';
import { errorType, type Cluster, type FetchedPartition } from './client/kafkajs-internals.js';
import { toEvent } from './client/message-codec.js';
import { Pauses } from './pauses.js';
import { consumerGroupOf } from './topics/consumer-group-of.js';

const EVENTS_MAX = 1_000;
const BYTES_MAX = 4_194_304;
/** One answer of a broker for one partition, unless a single event is larger. */
const FETCH_BYTES = 524_288;
const ALL_PARTITIONS = Array.from({ length: PARTITION_COUNT }, (_, partition) => partition);

/** What was fetched and not asked for yet. */
interface Ahead {
  readonly events: readonly LogEvent[];
  /** Offset after the last of them. */
  readonly next: bigint;
}

/**
 * Reads the topic of events. Fetches by partition and offset, as a rebuild or a fold from a table's cursor needs it; of
 * Kafka's consumer groups only the assignment is used, for offsets that a broker remembers are hints.
 */
export class KafkaLogReader extends LogReader {
  readonly #options: KafkaOptions;
  readonly #topic: string;
  readonly #connection: KafkaConnection;
  readonly #pauses: Pauses;
  readonly #ahead = new Map<number, Ahead>();
  readonly #highWaters = new Map<number, bigint>();
  readonly #groups = new Set<GroupMembership>();
  #isClosed = false;

  constructor(options: KafkaOptions, clock: Clock) {
    super();
    this.#options = options;
    this.#topic = options.topic ?? EVENTS_TOPIC;
    this.#connection = new KafkaConnection(options, this.#topic);
    this.#pauses = new Pauses(clock);
  }

  override get isShared(): boolean {
    return true;
  }

  async read(partition: number, from: bigint, options: ReadOptions = {}): Promise<LogSlice> {
    const { maxEvents = EVENTS_MAX, maxBytes = BYTES_MAX, waitMs = 0 } = options;
    const ahead = await this.#pauses.until(
      () => this.#readAhead(partition, from),
      ({ events }) => events.length > 0,
      waitMs,
    );
    let count = 0;
    for (let bytes = 0; count < Math.min(maxEvents, ahead.events.length); count++) {
      bytes += ahead.events[count]?.value.length ?? 0;
      if (count > 0 && bytes > maxBytes) break;
    }
    const events = ahead.events.slice(0, count);
    const isAll = count === ahead.events.length;
    const next = isAll ? ahead.next : (ahead.events[count]?.offset ?? ahead.next);
    if (isAll) this.#ahead.delete(partition);
    else this.#ahead.set(partition, { events: ahead.events.slice(count), next: ahead.next });
    return { events, next, highWater: this.#highWaterOf(partition) };
  }

  async range(partition: number): Promise<{ readonly earliest: bigint; readonly highWater: bigint }> {
    const [earliest, latest] = await this.#connection.run((cluster) =>
      Promise.all([true, false].map((fromBeginning) => this.#offsets(cluster, [partition], fromBeginning))),
    );
    const highWater = latest?.get(partition) ?? 0n;
    this.#noteHighWater(partition, highWater);
    return { earliest: earliest?.get(partition) ?? 0n, highWater };
  }

  async heads({ after, waitMs }: HeadsOptions = { after: new Map(), waitMs: 0 }): Promise<ReadonlyMap<number, bigint>> {
    return await this.#pauses.until(
      () => this.#heads(),
      (heads) => !areEqualHeads(after, heads),
      waitMs,
    );
  }

  async *claim(projection: string): AsyncGenerator<Assignment, void, undefined> {
    if (this.#isClosed) throw new ClosedLogError();
    const topic = this.#topic;
    const group = new GroupMembership(this.#options, { topic, groupId: consumerGroupOf(projection, topic) });
    this.#groups.add(group);
    try {
      yield* group.assignments();
    } finally {
      this.#groups.delete(group);
      await group.leave();
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#pauses.end();
    await Promise.all([...this.#groups].map((group) => group.leave()));
    this.#connection.close();
  }

  async #readAhead(partition: number, from: bigint): Promise<Ahead> {
    const known = this.#ahead.get(partition);
    if (known !== undefined && known.events[0]?.offset === from) return known;
    this.#ahead.delete(partition);
    if (from < 0n) throw new OffsetOutOfRangeError(partition, from, await this.range(partition));
    try {
      return await this.#connection.run((cluster) => this.#fetch(cluster, partition, from));
    } catch (error) {
      if (errorType(error) !== 'OFFSET_OUT_OF_RANGE') throw error;
      throw new OffsetOutOfRangeError(partition, from, await this.range(partition));
    }
  }

  async #fetch(cluster: Cluster, partition: number, from: bigint): Promise<Ahead> {
    const [nodeId] = Object.keys(cluster.findLeaderForPartitions(this.#topic, [partition]));
    if (nodeId === undefined) throw new Error(`partition ${partition} has no leader`);
    const broker = await cluster.findBroker({ nodeId });
    const fetchOffset = String(from);
    const { responses } = await broker.fetch({
      isolationLevel: 0,
      maxWaitTime: 0,
      minBytes: 1,
      maxBytes: FETCH_BYTES,
      topics: [{ topic: this.#topic, partitions: [{ partition, fetchOffset, maxBytes: FETCH_BYTES }] }],
    });
    const answer = responses.flatMap(({ partitions }) => partitions).find((part) => part.partition === partition);
    return answer === undefined ? { events: [], next: from } : this.#take(answer, from);
  }

  /** A batch is given as a whole, also what stands in it before the offset that was asked for. */
  #take({ partition, highWatermark, messages }: FetchedPartition, from: bigint): Ahead {
    this.#noteHighWater(partition, BigInt(highWatermark));
    const events: LogEvent[] = [];
    let next = from;
    for (const message of messages) {
      const offset = BigInt(message.offset);
      if (offset < from) continue;
      next = offset + 1n;
      if (message.isControlRecord !== true) events.push(toEvent(partition, message));
    }
    return { events, next };
  }

  async #heads(): Promise<ReadonlyMap<number, bigint>> {
    const offsets = await this.#connection.run((cluster) => this.#offsets(cluster, ALL_PARTITIONS, false));
    const heads = new Map([...offsets].filter(([, offset]) => offset > 0n).sort(([left], [right]) => left - right));
    for (const [partition, offset] of heads) this.#noteHighWater(partition, offset);
    return heads;
  }

  async #offsets(
    cluster: Cluster,
    partitions: readonly number[],
    fromBeginning: boolean,
  ): Promise<Map<number, bigint>> {
    const asked = { topic: this.#topic, partitions: partitions.map((partition) => ({ partition })), fromBeginning };
    const answers = (await cluster.fetchTopicsOffset([asked])).flatMap((answer) => answer.partitions);
    if (answers.length !== partitions.length) throw new Error(`not every partition of ${this.#topic} has a leader`);
    return new Map(answers.map(({ partition, offset }) => [partition, BigInt(offset)]));
  }

  /** Answers may overtake one another; what was readable once stays so. */
  #noteHighWater(partition: number, highWater: bigint): void {
    if (highWater > this.#highWaterOf(partition)) this.#highWaters.set(partition, highWater);
  }

  #highWaterOf(partition: number): bigint {
    return this.#highWaters.get(partition) ?? 0n;
  }
}
