import { TrimmableLog } from '../archive/trimmable-log.port.js';
import { EVENTS_TOPIC, type KafkaOptions } from './client/kafka.options.js';
import { withAdmin } from './client/with-admin.js';

/** The topic of events, whose beginning is dropped on request; its retention has no end of its own. */
export class KafkaTrimmableLog extends TrimmableLog {
  readonly #topic: string;

  constructor(private readonly options: KafkaOptions) {
    super();
    this.#topic = options.topic ?? EVENTS_TOPIC;
  }

  /** By the time at which a gateway sent a record: an event that was shipped late counts as younger than it is. */
  takenBefore(epochMs: number): Promise<ReadonlyMap<number, bigint>> {
    return withAdmin(this.options, async (admin) => {
      const offsets = await admin.fetchTopicOffsetsByTimestamp(this.#topic, epochMs);
      return new Map(offsets.map(({ partition, offset }) => [partition, BigInt(offset)]));
    });
  }

  dropBelow(offsets: ReadonlyMap<number, bigint>): Promise<void> {
    return withAdmin(this.options, async (admin) => {
      await admin.fetchTopicOffsets(this.#topic); // tells kafkajs who leads the partitions: it does not ask by itself
      const partitions = [...offsets].map(([partition, offset]) => ({ partition, offset: String(offset) }));
      await admin.deleteTopicRecords({ topic: this.#topic, partitions });
    });
  }
}
