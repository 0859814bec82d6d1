import { setTimeout as sleep } from 'node:timers/promises';
import type { Message } from 'kafkajs';
import { ClosedLogError, LogUnavailableError } from '../../event-log.errors.js';
import { CompactedTable, type TableFollower, type TableRow } from '../../table/compacted-table.port.js';
import { BatchSender } from '../client/batch-sender.js';
import type { KafkaOptions } from '../client/kafka.options.js';
import { KafkaTableFollower } from './kafka.table-follower.js';
import { posteriorsTopicOf, tablePartitionOf } from './table-topic.js';

/** Of one batch: well below what the topic takes, headers and all. */
const BATCH_BYTES_MAX = 2_097_152;
const ATTEMPTS = 4;
const RETRY_FIRST_MS = 50;

/** The table of posteriors on a compacted topic. */
export class KafkaCompactedTable extends CompactedTable {
  readonly #options: KafkaOptions;
  readonly #topic: string;
  readonly #sender: BatchSender;
  readonly #followers = new Set<TableFollower>();
  /** kafkajs takes one batch at a time. */
  #sending: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(options: KafkaOptions) {
    super();
    this.#options = options;
    this.#topic = posteriorsTopicOf(options.topic);
    this.#sender = new BatchSender(options, this.#topic);
  }

  async publish(rows: readonly TableRow[]): Promise<void> {
    const sent = this.#sending.then(() => this.#send(rows));
    this.#sending = sent.catch(() => undefined);
    await sent;
  }

  follow(): TableFollower {
    const follower = new KafkaTableFollower(this.#options, this.#topic);
    this.#followers.add(follower);
    return follower;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#sender.drop();
    await Promise.all([...this.#followers].map((follower) => follower.close()));
  }

  async #send(rows: readonly TableRow[]): Promise<void> {
    if (this.#isClosed) throw new ClosedLogError();
    for (const batch of batchesOf(rows)) await this.#sendBatch(batch.map(toMessage));
  }

  /** The same again for a moment: a leader may have moved. */
  async #sendBatch(messages: readonly Message[]): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#sender.send(messages);
        return;
      } catch (error) {
        if (this.#isClosed) throw new ClosedLogError();
        if (attempt === ATTEMPTS) throw new LogUnavailableError('Kafka', error);
        await sleep(RETRY_FIRST_MS * 2 ** attempt);
      }
    }
  }
}

const toMessage = ({ partition, key, value }: TableRow): Message => ({
  partition: tablePartitionOf(partition),
  key,
  value,
});

/** One batch unless there is too much for one: what a batch holds of a partition is written and read as a whole. */
function batchesOf(rows: readonly TableRow[]): TableRow[][] {
  const batches: TableRow[][] = [];
  let bytes = Infinity;
  for (const row of rows) {
    const weight = Buffer.byteLength(row.key) + Buffer.byteLength(row.value) + 32;
    if (bytes + weight > BATCH_BYTES_MAX) {
      batches.push([]);
      bytes = 0;
    }
    batches.at(-1)?.push(row);
    bytes += weight;
  }
  return batches;
}
