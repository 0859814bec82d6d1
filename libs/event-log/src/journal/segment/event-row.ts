import { crc32 } from 'node:zlib';
import { CorruptLogError } from '../../event-log.errors.js';
import type { LogEvent } from '../../event-log.port.js';

/** The columns of an EventRow, in its order. */
export const EVENT_COLUMNS = 'partition, offset, event_id, type, version, tenant, headers, value, crc';

/** What a row states, headers still in JSON. */
export type EventFields = readonly [
  partition: number,
  offset: number,
  eventId: string,
  type: string,
  version: number,
  tenant: string,
  headers: string,
  value: string,
];

export type EventRow = readonly [...fields: EventFields, crc: number];

/** Checksum over every column, the place included: a row that wandered is as wrong as one that changed. */
export function checksumOf(row: readonly [...EventFields, ...unknown[]]): number {
  const [partition, offset, eventId, type, version, tenant, headers, value] = row;
  const place = `${partition}/${offset}/${eventId}/${type}/${version}/${tenant}/`;
  return crc32(value, crc32(headers, crc32(place)));
}

/** @throws CorruptLogError when the row is not what was written. */
export function toLogEvent(row: EventRow): LogEvent {
  const [partition, place, eventId, type, version, tenant, headers, value, crc] = row;
  if (checksumOf(row) !== crc) {
    throw new CorruptLogError(`partition ${partition}, offset ${place}`, `event ${eventId} fails its checksum`);
  }
  return {
    partition,
    offset: BigInt(place),
    eventId,
    type,
    version,
    tenant,
    headers: JSON.parse(headers) as Record<string, string>,
    value,
  };
}
