import { randomUUID } from 'node:crypto';
import type { LogEvent, LogReader, LogRecord } from './event-log.port.js';

/** A record like the codec's, with a new id, in partition 0. */
export function makeRecord(): LogRecord {
  const eventId = randomUUID();
  return {
    partition: 0,
    eventId,
    type: 'BreakerClosed',
    version: 1,
    tenant: 'system',
    headers: {
      ce_id: eventId,
      ce_type: 'BreakerClosed',
      ce_tenant: 'system',
      ce_schemaver: '1',
      'content-type': 'application/json',
    },
    value: JSON.stringify({ model: 'gpt-4o', open_for_ms: 31250 }),
  };
}

export const makeRecords = (count: number): LogRecord[] => Array.from({ length: count }, makeRecord);

/** What a reader makes of a partition that dedupes by id, as every projection does. */
export async function readEffects(log: LogReader, partition: number): Promise<LogEvent[]> {
  const byId = new Map<string, LogEvent>();
  for (const event of await readAll(log, partition)) if (!byId.has(event.eventId)) byId.set(event.eventId, event);
  return [...byId.values()];
}

/** Everything in a partition. */
export async function readAll(log: LogReader, partition: number): Promise<LogEvent[]> {
  const events: LogEvent[] = [];
  for (let from = 0n; ;) {
    const slice = await log.read(partition, from);
    events.push(...slice.events);
    if (slice.next === slice.highWater) return events;
    from = slice.next;
  }
}
