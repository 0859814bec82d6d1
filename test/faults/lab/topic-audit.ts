import { createHash } from 'node:crypto';
import { JournalLogReader, KafkaLogReader, type KafkaOptions, type LogEvent } from '#event-log';
import { SystemClock } from '#telemetry';
import { LogAudit } from './log-audit.js';

/** Ids of what a journal has now, by partition. */
export type JournalOrder = ReadonlyMap<number, readonly string[]>;

export async function readJournalOrder(journalDir: string): Promise<JournalOrder> {
  const written = new Map<number, string[]>();
  const reader = new JournalLogReader({ directory: journalDir, clock: new SystemClock() });
  try {
    for await (const { event } of reader.scan(1)) idsIn(written, event.partition).push(event.eventId);
  } finally {
    await reader.close();
  }
  return written;
}

/** Reads the topic that replicas share from its first event. An event may be there twice, but says the same then. */
export class TopicAudit extends LogAudit {
  /** Digests of values by event id: a night's values would not fit into memory. */
  private readonly digests = new Map<string, string>();
  private readonly idsOf = new Map<number, string[]>();

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

  /** Where a journal's events are missing in the topic or stand in another order, in words. */
  unlike(journal: JournalOrder): string[] {
    return [...journal].flatMap(([partition, ids]) => {
      const ours = new Set(ids);
      const shipped = idsIn(this.idsOf, partition).filter((id) => ours.has(id));
      const at = ids.findIndex((id, index) => id !== shipped[index]);
      return at < 0 ? [] : [`partition ${partition}: ${ids[at]} of the journal is not at its place in the topic`];
    });
  }

  private takeOnce(event: LogEvent): void {
    const digest = createHash('sha256').update(event.value).digest('base64');
    const known = this.digests.get(event.eventId);
    if (known === undefined) {
      this.digests.set(event.eventId, digest);
      idsIn(this.idsOf, event.partition).push(event.eventId);
      this.take(event);
      return;
    }
    if (known !== digest) this.violations.push(`event ${event.eventId} is there twice and differs`);
  }
}

function idsIn(byPartition: Map<number, string[]>, partition: number): string[] {
  const known = byPartition.get(partition);
  if (known !== undefined) return known;
  const ids: string[] = [];
  byPartition.set(partition, ids);
  return ids;
}
