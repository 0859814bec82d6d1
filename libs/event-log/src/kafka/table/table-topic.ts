import { EVENTS_TOPIC } from '../client/kafka.options.js';

/** Fewer than the log has: it is little, and every gateway reads all of it. Fixed, since a key stays in its place. */
export const TABLE_PARTITIONS = 8;

/** Partition of a table for what belongs to a partition of the log. */
export const tablePartitionOf = (partition: number): number => partition % TABLE_PARTITIONS;

/** Name of the topic of posteriors beside one of events: `acme.overture.events` has `acme.overture.posteriors`. */
export function posteriorsTopicOf(eventsTopic = EVENTS_TOPIC): string {
  const renamed = eventsTopic.replace(/(^|[._-])events$/, '$1posteriors');
  return renamed === eventsTopic ? `${eventsTopic}.posteriors` : renamed;
}
