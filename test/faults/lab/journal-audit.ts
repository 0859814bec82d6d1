import { JournalLogReader, type SequencedEvent } from '#event-log';
import { SystemClock } from '#telemetry';
import { LogAudit } from './log-audit.js';

/** Reads a journal from its first event, and whether the journal itself is in order. */
export class JournalAudit extends LogAudit {
  private readonly eventIds = new Set<string>();
  private lastSequence = 0;

  constructor(private readonly directory: string) {
    super();
  }

  async advance(): Promise<void> {
    const reader = new JournalLogReader({ directory: this.directory, clock: new SystemClock() });
    try {
      for await (const event of reader.scan(this.lastSequence + 1)) this.takeNext(event);
    } finally {
      await reader.close();
    }
  }

  private takeNext({ sequence, event }: SequencedEvent): void {
    const where = `sequence ${sequence}, ${event.type}`;
    if (sequence !== this.lastSequence + 1) this.violations.push(`${where}: follows ${this.lastSequence}`);
    const expected = this.heads.get(event.partition) ?? 0n;
    if (event.offset !== expected) this.violations.push(`${where}: offset ${event.offset}, not ${expected}`);
    if (this.eventIds.has(event.eventId)) this.duplicates.push(`${where}: event ${event.eventId} is there twice`);
    this.eventIds.add(event.eventId);
    this.heads.set(event.partition, event.offset + 1n);
    this.lastSequence = sequence;
    this.take(event);
  }
}
