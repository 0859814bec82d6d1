import { setTimeout as sleep } from 'node:timers/promises';
import type { Message, Producer, RecordMetadata } from 'kafkajs';
import { PRODUCER_CONFIG, clientConfig, type KafkaOptions } from './kafka.options.js';
import { Kafka } from './kafkajs-internals.js';

const ALL_IN_SYNC_REPLICAS = -1;
const BROKER_TIMEOUT_MS = 10_000;
/** Longer than kafkajs can take with all its retries: a send that has not ended by then is stuck. */
const STUCK_AFTER_MS = 90_000;

/** Sends to one topic; its user sends one batch at a time. A client whose batch failed is replaced. */
export class BatchSender {
  readonly #options: KafkaOptions;
  readonly #topic: string;
  #producer: Promise<Producer> | undefined;

  constructor(options: KafkaOptions, topic: string) {
    this.#options = options;
    this.#topic = topic;
  }

  /** Resolves when every replica in sync has the messages; after an error they may have been written. */
  async send(messages: readonly Message[]): Promise<readonly RecordMetadata[]> {
    const connecting = (this.#producer ??= this.#connect());
    try {
      return await this.#sendOnce(connecting, messages);
    } catch (error) {
      // Sequence numbers of the old client are in doubt; a new one begins anew.
      if (this.#producer === connecting) this.drop();
      throw error;
    }
  }

  /** Ends what is under way; the next send connects anew. */
  drop(): void {
    const dropped = this.#producer;
    this.#producer = undefined;
    void dropped?.then((producer) => producer.disconnect()).catch(() => undefined);
  }

  async #sendOnce(connecting: Promise<Producer>, messages: readonly Message[]): Promise<RecordMetadata[]> {
    const producer = await connecting;
    const stuck = new AbortController();
    try {
      return await Promise.race([
        producer.sendBatch({
          acks: ALL_IN_SYNC_REPLICAS,
          timeout: BROKER_TIMEOUT_MS,
          topicMessages: [{ topic: this.#topic, messages: [...messages] }],
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
    try {
      await producer.connect();
      return producer;
    } catch (error) {
      void producer.disconnect().catch(() => undefined);
      throw error;
    }
  }
}
