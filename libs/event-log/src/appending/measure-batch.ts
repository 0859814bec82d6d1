import { RejectedAppendError } from '../event-log.errors.js';
import type { LogRecord } from '../event-log.port.js';
import { PARTITION_COUNT } from '../identity/partition-of.js';

/** Largest value of one event, in bytes of UTF-8: what a Kafka broker takes by default. */
const VALUE_BYTES_MAX = 1_048_576;
const HEADER_CHARACTERS_MAX = 65_536;

/**
 * How many bytes a batch brings, its headers counted in characters. Every adapter refuses the same records.
 * @throws RejectedAppendError for a record that no log would take.
 */
export function measureBatch(batch: readonly LogRecord[]): number {
  let total = 0;
  for (const record of batch) {
    const valueBytes = Buffer.byteLength(record.value);
    const headerCharacters = measureHeaders(record.headers);
    if (valueBytes > VALUE_BYTES_MAX) refuse(record, `its value has ${valueBytes} bytes, ${VALUE_BYTES_MAX} at most`);
    if (headerCharacters > HEADER_CHARACTERS_MAX) {
      refuse(record, `its headers have ${headerCharacters} characters, ${HEADER_CHARACTERS_MAX} at most`);
    }
    if (!isPartition(record.partition)) refuse(record, `there is no partition ${record.partition}`);
    // A lone surrogate has no UTF-8: it would come back as another character.
    if (!record.value.isWellFormed()) refuse(record, 'its value is not well-formed Unicode');
    total += valueBytes + headerCharacters;
  }
  return total;
}

function measureHeaders(headers: LogRecord['headers']): number {
  let characters = 0;
  for (const name in headers) characters += name.length + headers[name]!.length;
  return characters;
}

const isPartition = (value: number): boolean => Number.isInteger(value) && value >= 0 && value < PARTITION_COUNT;

function refuse({ eventId, type }: LogRecord, reason: string): never {
  throw new RejectedAppendError(`Event ${eventId} (${type}) cannot be appended: ${reason}.`, { permanent: true });
}
