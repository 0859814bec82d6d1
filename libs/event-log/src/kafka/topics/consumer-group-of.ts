import { EVENTS_TOPIC } from '../client/kafka.options.js';

/**
 * The consumer group that divides a topic's partitions among readers of one kind. Each topic has its own: kafkajs
 * divides all topics of a group among all of its members, also a topic that a member does not read, so two
 * installations in one group would halve each other's partitions for good.
 */
export function consumerGroupOf(projection: string, eventsTopic = EVENTS_TOPIC): string {
  const group = `overture.${projection}`;
  return eventsTopic === EVENTS_TOPIC ? group : `${group}.${eventsTopic}`;
}
