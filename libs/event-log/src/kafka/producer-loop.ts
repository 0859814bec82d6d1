import { setTimeout as sleep } from 'node:timers/promises';
import type { Producer, RecordMetadata } from 'kafkajs';
import type { Append, CommitResult } from '../appending/append-queue.js';
import { ClosedLogError } from '../event-log.errors.js';
import type { AppendedAt, LogRecord } from '../event-log.port.js';
import { PRODUCER_CONFIG, clientConfig, type KafkaOptions } from './client/kafka.options.js';
import { Kafka } from './client/kafkajs-internals.js';
import { toMessage } from './client/message-codec.js';

const ALL_IN_SYNC_REPLICAS = -1;
const BROKER_TIMEOUT_MS = 10_000;
/** Longer than kafkajs can take with all its retries: a send that has not ended by then is stuck. */
const STUCK_AFTER_MS = 90_000;
const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 2_000;

/** Sends one batch at a time, the same again until the brokers have it, whatever happens in between. */
export class ProducerLoop {
  readonly #options: KafkaOptions;
  readonly #topic: string;
  #producer: Promise<Producer> | undefined;
  readonly #closing = new AbortController();

  constructor(options: KafkaOptions, topic: string) {
    this.#options = options;
    this.#topic = topic;
  }

  /** @throws ClosedLogError while the batch may have been written. */
  async send(appends: readonly Append[]): Promise<CommitResult> {
    const records = appends.flatMap((append) => append.records);
    for (let retryMs = RETRY_FIRST_MS; ; retryMs = Math.min(retryMs * 2, RETRY_MAX_MS)) {
      if (this.#closing.signal.aborted) throw new ClosedLogError();
      const connecting = (this.#producer ??= this.#connect());
      try {
        return { places: placesOf(records, await this.#sendOnce(connecting, records)) };
      } catch (error) {
        // Sequence numbers of the old client are in doubt; a new one begins anew, and ids tell repetitions apart.
        if (this.#producer === connecting) this.#drop();
        this.#options.onTrouble('a batch was not acknowledged; sending it again', {
          error: error instanceof Error ? error.message : String(error),
          events: records.length,
        });
        await sleep(retryMs, undefined, { signal: this.#closing.signal }).catch(() => undefined);
      }
    }
  }

  close(): void {
    this.#closing.abort();
    this.#drop();
  }

  async #sendOnce(connecting: Promise<Producer>, records: readonly LogRecord[]): Promise<RecordMetadata[]> {
    const producer = await connecting;
    const stuck = new AbortController();
    try {
      return await Promise.race([
        producer.sendBatch({
          acks: ALL_IN_SYNC_REPLICAS,
          timeout: BROKER_TIMEOUT_MS,
          topicMessages: [{ topic: this.#topic, messages: records.map(toMessage) }],
        }),
        sleep(STUCK_AFTER_MS, undefined, { signal: stuck.signal, ref: false }).then(() => {
          throw new Error(`the brokers did not answer within ${STUCK_AFTER_MS / 1000} s`);
        }),
      ]);
    } finally {
      stuck.abort();
    }
  }

  async #connect(): Promise<Producer> {
    const producer = new Kafka(clientConfig(this.#options)).producer(PRODUCER_CONFIG);
    await producer.connect();
    return producer;
  }

  #drop(): void {
    const dropped = this.#producer;
    this.#producer = undefined;
    void dropped?.then((producer) => producer.disconnect()).catch(() => undefined);
  }
}

/** Records of one partition stand one behind the other from its base offset on. */
function placesOf(records: readonly LogRecord[], answers: readonly RecordMetadata[]): AppendedAt[] {
  const next = new Map(answers.map(({ partition, baseOffset }) => [partition, BigInt(baseOffset ?? -1)]));
  return records.map(({ partition }) => {
    const offset = next.get(partition);
    if (offset === undefined || offset < 0n) throw new Error(`no offset for partition ${partition} in the answer`);
    next.set(partition, offset + 1n);
    return { partition, offset, duplicate: false };
  });
}
