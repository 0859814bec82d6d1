export {
  EventLog,
  LogReader,
  type AppendedAt,
  type AppendOptions,
  type Assignment,
  type HeadsOptions,
  type LogEvent,
  type LogRecord,
  type LogSlice,
  type ReadOptions,
} from './event-log.port.js';
export { ReplicaLog, type FindOptions, type SequencedEvent } from './replica-log.port.js';
export * from './event-log.errors.js';
export { ArchivedLogReader } from './archive/archived.log-reader.js';
export { LogArchiver, type ArchivePass, type SealLimits } from './archive/log-archiver.js';
export { openArchiveStore, readArchiveLocation, type ArchiveLocation } from './archive/store/archive-location.js';
export { decodeFact, encodeFact } from './codec/fact-codec.js';
export { eventId } from './identity/event-id.js';
export { KeyedDigest, type RunningDigest } from './identity/keyed-digest.js';
export { PARTITION_COUNT, partitionOf } from './identity/partition-of.js';
export { UuidV7Source, uuidv7 } from './identity/uuidv7.js';
export { DataLock, type LockOptions } from './journal/data-lock.js';
export { JournalEventLog, type JournalOptions } from './journal/journal.event-log.js';
export { JournalLogReader, type JournalReaderOptions } from './journal/journal.log-reader.js';
export { TopicMismatchError, ensureTopics, type TopicDurability } from './kafka/ensure-topics.js';
export { KafkaEventLog } from './kafka/kafka.event-log.js';
export { KafkaLogReader } from './kafka/kafka.log-reader.js';
export { EVENTS_TOPIC, type KafkaOptions, type KafkaTrouble } from './kafka/kafka.options.js';
export { JournalShipper, type Backlog, type ShippingOptions } from './shipping/journal-shipper.js';
export { MemoryEventLog, type AppendFault } from './memory/memory.event-log.js';
