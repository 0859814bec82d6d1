import { KafkaLogReader, type KafkaOptions, type LogEvent } from '#event-log';
import { SystemClock } from '#telemetry';
import { LogAudit } from './log-audit.js';

/** Reads the topic that replicas share from its first event. An event may be there twice, but says the same then. */
export class TopicAudit extends LogAudit {
  private readonly values = new Map<string, string>();

  constructor(private readonly options: KafkaOptions) {
    super();
  }

  async advance(): Promise<void> {
    const reader = new KafkaLogReader(this.options, new SystemClock());
    try {
      for (const [partition, head] of await reader.heads()) await this.advancePartition(reader, partition, head);
    } finally {
      await reader.close();
    }
  }

  private async advancePartition(reader: KafkaLogReader, partition: number, head: bigint): Promise<void> {
    let from = this.heads.get(partition) ?? 0n;
    while (from < head) {
      const { events, next } = await reader.read(partition, from);
      for (const event of events) this.takeOnce(event);
      this.heads.set(partition, (from = next));
    }
  }

  private takeOnce(event: LogEvent): void {
    const known = this.values.get(event.eventId);
    if (known === undefined) {
      this.values.set(event.eventId, event.value);
      this.take(event);
      return;
    }
    if (known !== event.value) this.violations.push(`event ${event.eventId} is there twice and differs`);
  }
}
