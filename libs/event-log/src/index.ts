export {
  EventLog,
  LogReader,
  type AppendedAt,
  type AppendOptions,
  type Assignment,
  type FindOptions,
  type HeadsOptions,
  type LogEvent,
  type LogRecord,
  type LogSlice,
  type ReadOptions,
} from './event-log.port.js';
export { ReplicaLog, type SequencedEvent } from './replica-log.port.js';
export * from './event-log.errors.js';
export { decodeFact, encodeFact } from './codec/fact-codec.js';
export { eventId } from './identity/event-id.js';
export { KeyedDigest, type RunningDigest } from './identity/keyed-digest.js';
export { PARTITION_COUNT, partitionOf } from './identity/partition-of.js';
export { UuidV7Source, uuidv7 } from './identity/uuidv7.js';
export { DataLock, type LockOptions } from './journal/data-lock.js';
export { JournalEventLog, type JournalOptions } from './journal/journal.event-log.js';
export { JournalLogReader, type JournalReaderOptions } from './journal/journal.log-reader.js';
export { MemoryEventLog, type AppendFault } from './memory/memory.event-log.js';
