import { ClosedLogError } from '../../event-log.errors.js';
import { TableFollower, type TableEntry } from '../../table/compacted-table.port.js';
import { KafkaConnection } from '../client/kafka-connection.js';
import type { KafkaOptions } from '../client/kafka.options.js';
import { errorType, type Cluster, type FetchedBatch, type FetchedPartition } from '../client/kafkajs-internals.js';
import { TABLE_PARTITIONS } from './table-topic.js';

/** A quiet topic is asked once a second; what comes meanwhile is answered at once. */
const WAIT_MS = 1_000;
/** One answer for one partition, unless a single batch is larger. */
const FETCH_BYTES = 2_097_152;
const ALL_PARTITIONS = Array.from({ length: TABLE_PARTITIONS }, (_, partition) => partition);

interface Answer {
  readonly nodeId: string;
  readonly partitions: readonly FetchedPartition[];
}

/**
 * Follows a compacted topic without a consumer group. A broker holds back its answer until there is something, and a
 * connection serves one request at a time: so the follower has connections of its own, and one request at each broker.
 */
export class KafkaTableFollower extends TableFollower {
  readonly #topic: string;
  readonly #connection: KafkaConnection;
  #isClosed = false;
  /** Ends the call that waits: a race against one promise for all calls would keep what every call gave. */
  #giveUp: ((reason: Error) => void) | undefined;
  readonly #asked = new Map<string, Promise<Answer>>();
  /** Whom the requests went to: they end with it. */
  #cluster: Cluster | undefined;
  #positions: Map<number, bigint> | undefined;

  constructor(options: KafkaOptions, topic: string) {
    super();
    this.#topic = topic;
    this.#connection = new KafkaConnection(options, topic);
  }

  async next(): Promise<readonly TableEntry[]> {
    if (this.#isClosed) throw new ClosedLogError();
    const waiting = Promise.withResolvers<readonly TableEntry[]>();
    this.#giveUp = waiting.reject;
    this.#next().then(waiting.resolve, waiting.reject);
    return await waiting.promise;
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#giveUp?.(new ClosedLogError());
    this.#connection.close();
    return Promise.resolve();
  }

  async #next(): Promise<readonly TableEntry[]> {
    try {
      const { partitions } = await this.#connection.run((cluster) => this.#ask(cluster));
      return partitions.flatMap((fetched) => this.#rowsOf(fetched));
    } catch (error) {
      if (errorType(error) !== 'OFFSET_OUT_OF_RANGE') throw error;
      this.#forget(); // the topic was made anew
      this.#positions = undefined;
      return [];
    }
  }

  /** The first answer of any broker. */
  async #ask(cluster: Cluster): Promise<Answer> {
    if (this.#cluster !== cluster) this.#forget();
    this.#cluster = cluster;
    const positions = (this.#positions ??= await this.#earliest(cluster));
    const leaders = Object.entries(cluster.findLeaderForPartitions(this.#topic, ALL_PARTITIONS));
    for (const [nodeId, led] of leaders) {
      if (this.#asked.has(nodeId)) continue;
      const fetching = this.#fetch(cluster, nodeId, new Map(led.map((each) => [each, positions.get(each) ?? 0n])));
      fetching.catch(() => undefined); // told by the race, this time or the next
      this.#asked.set(nodeId, fetching);
    }
    if (this.#asked.size === 0) throw new Error(`no partition of ${this.#topic} has a leader`);
    try {
      const answer = await Promise.race(this.#asked.values());
      this.#asked.delete(answer.nodeId);
      return answer;
    } catch (error) {
      this.#forget();
      throw error;
    }
  }

  async #fetch(cluster: Cluster, nodeId: string, offsets: ReadonlyMap<number, bigint>): Promise<Answer> {
    const broker = await cluster.findBroker({ nodeId });
    const { responses } = await broker.fetch({
      isolationLevel: 0,
      maxWaitTime: WAIT_MS,
      minBytes: 1,
      maxBytes: FETCH_BYTES * offsets.size,
      topics: [
        {
          topic: this.#topic,
          partitions: [...offsets].map(([partition, offset]) => ({
            partition,
            fetchOffset: String(offset),
            maxBytes: FETCH_BYTES,
          })),
        },
      ],
    });
    return { nodeId, partitions: responses.flatMap(({ partitions }) => partitions) };
  }

  /** A batch comes as a whole, also what stands in it before the offset that was asked for. */
  #rowsOf({ partition, messages }: FetchedPartition): TableEntry[] {
    const from = this.#positions?.get(partition) ?? 0n;
    let next = from;
    const rows: TableEntry[] = [];
    for (const { offset, key, value, batchContext, isControlRecord } of messages) {
      const at = BigInt(offset);
      const end = batchContext === undefined ? at + 1n : endOf(batchContext);
      if (end > next) next = end; // compaction takes messages from a batch and leaves its range
      if (at < from || isControlRecord === true || !key || !value) continue;
      rows.push({ key: key.toString(), value: value.toString() });
    }
    this.#positions?.set(partition, next);
    return rows;
  }

  async #earliest(cluster: Cluster): Promise<Map<number, bigint>> {
    const partitions = ALL_PARTITIONS.map((partition) => ({ partition }));
    const answers = await cluster.fetchTopicsOffset([{ topic: this.#topic, partitions, fromBeginning: true }]);
    const offsets = answers.flatMap((answer) => answer.partitions);
    return new Map(offsets.map(({ partition, offset }) => [partition, BigInt(offset)]));
  }

  #forget(): void {
    this.#asked.clear();
    this.#cluster = undefined;
  }
}

const endOf = ({ firstOffset, lastOffsetDelta }: FetchedBatch): bigint =>
  BigInt(firstOffset) + BigInt(lastOffsetDelta) + 1n;
