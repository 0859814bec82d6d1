import type { Admin } from 'kafkajs';
import { TrimmableLog } from '../archive/trimmable-log.port.js';
import { LogUnavailableError } from '../event-log.errors.js';
import { EVENTS_TOPIC, clientConfig, type KafkaOptions } from './client/kafka.options.js';
import { Kafka } from './client/kafkajs-internals.js';

/** The topic of events, whose beginning is dropped on request; its retention has no end of its own. */
export class KafkaTrimmableLog extends TrimmableLog {
  readonly #topic: string;

  constructor(private readonly options: KafkaOptions) {
    super();
    this.#topic = options.topic ?? EVENTS_TOPIC;
  }

  /** By the time at which a gateway sent a record: an event that was shipped late counts as younger than it is. */
  takenBefore(epochMs: number): Promise<ReadonlyMap<number, bigint>> {
    return this.#ask(async (admin) => {
      const offsets = await admin.fetchTopicOffsetsByTimestamp(this.#topic, epochMs);
      return new Map(offsets.map(({ partition, offset }) => [partition, BigInt(offset)]));
    });
  }

  dropBelow(offsets: ReadonlyMap<number, bigint>): Promise<void> {
    return this.#ask(async (admin) => {
      await admin.fetchTopicOffsets(this.#topic); // tells kafkajs who leads the partitions: it does not ask by itself
      const partitions = [...offsets].map(([partition, offset]) => ({ partition, offset: String(offset) }));
      await admin.deleteTopicRecords({ topic: this.#topic, partitions });
    });
  }

  async #ask<Answer>(work: (admin: Admin) => Promise<Answer>): Promise<Answer> {
    const admin = new Kafka(clientConfig(this.options)).admin();
    try {
      await admin.connect();
      return await work(admin);
    } catch (error) {
      throw new LogUnavailableError('Kafka', error);
    } finally {
      await admin.disconnect().catch(() => undefined); // what it said counts
    }
  }
}
