import { KafkaLogReader, type KafkaOptions } from '#event-log';
import { SystemClock } from '#telemetry';
import { LogAudit } from './log-audit.js';

/** Reads the topic that replicas share from its first event. An event may be there twice, but says the same then. */
export class TopicAudit extends LogAudit {
  /** What was repeated, for the report. */
  repeated = 0;
  private readonly values = new Map<string, string>();

  constructor(private readonly options: KafkaOptions) {
    super();
  }

  async advance(): Promise<void> {
    const reader = new KafkaLogReader(this.options, new SystemClock());
    try {
      for (const [partition, head] of await reader.heads()) {
        for (let from = this.heads.get(partition) ?? 0n; from < head; from = this.heads.get(partition) ?? 0n) {
          const { events, next } = await reader.read(partition, from);
          for (const event of events) {
            const known = this.values.get(event.eventId);
            if (known === undefined) {
              this.values.set(event.eventId, event.value);
              this.take(event);
            } else {
              this.repeated += 1;
              if (known !== event.value) this.violations.push(`event ${event.eventId} is there twice and differs`);
            }
          }
          this.heads.set(partition, next);
        }
      }
    } finally {
      await reader.close();
    }
  }
}
