import { PARTITION_COUNT } from '../../identity/partition-of.js';
import { EVENTS_TOPIC, type KafkaOptions } from '../client/kafka.options.js';
import { TABLE_PARTITIONS, posteriorsTopicOf } from '../table/table-topic.js';

/** An event of 1 MiB with headers, and a group of them. */
const MESSAGE_BYTES_MAX = 4_194_304;

export interface TopicDurability {
  /** Copies of every partition; 3 in production. */
  readonly replicationFactor: number;
  /** Copies that must have a batch before it is acknowledged; 2 of 3 in production. */
  readonly minInsyncReplicas: number;
}

/** One setting of a topic, named as Kafka does. */
export interface TopicSetting {
  readonly name: string;
  /** What a new topic is given. */
  readonly value: string;
  /** What a topic that is there must have: the same, as much or more, or whatever its owner likes. */
  readonly must: 'equal' | 'reach' | 'be whatever';
  /** What another value does. */
  readonly otherwise: string;
}

/** What a topic must be for us. */
export interface WantedTopic {
  readonly topic: string;
  readonly partitions: number;
  /** Why another number of partitions does not do. */
  readonly fixed: string;
  /** Copies of every partition, without which nothing would be acknowledged or kept. */
  readonly copiesMin: number;
  readonly settings: readonly TopicSetting[];
}

/** Nothing is deleted until an archiver has it, and then by its offset: retention has no end. */
export const eventsTopic = (
  { topic = EVENTS_TOPIC }: Pick<KafkaOptions, 'topic'>,
  { minInsyncReplicas }: Pick<TopicDurability, 'minInsyncReplicas'>,
): WantedTopic => ({
  topic,
  partitions: PARTITION_COUNT,
  fixed: 'the partition of a tenant never changes, so use another topic or move its events',
  copiesMin: minInsyncReplicas,
  settings: [
    equal('cleanup.policy', 'delete', 'compaction drops events'),
    equal('retention.ms', '-1', 'events are deleted when they are older'),
    equal('retention.bytes', '-1', 'events are deleted when there are more'),
    equal('unclean.leader.election.enable', 'false', 'a broker that lacks acknowledged events may lead'),
    reach('min.insync.replicas', minInsyncReplicas, 'the loss of fewer disks loses acknowledged events'),
    reach('max.message.bytes', MESSAGE_BYTES_MAX, 'large batches are refused'),
  ],
});

/**
 * What is lost here is told again by projectors, so that how it is kept is the operator's own. Segments are small,
 * since the one that is written to is never compacted and every reader begins at the first.
 */
export const posteriorsTopic = (
  { topic }: Pick<KafkaOptions, 'topic'>,
  { minInsyncReplicas }: Pick<TopicDurability, 'minInsyncReplicas'>,
): WantedTopic => ({
  topic: posteriorsTopicOf(topic),
  partitions: TABLE_PARTITIONS,
  fixed: 'a key never changes its partition, so delete the topic: projectors publish everything again at their start',
  copiesMin: 1,
  settings: [
    equal('cleanup.policy', 'compact', 'the last value of a key is dropped'),
    reach('max.message.bytes', MESSAGE_BYTES_MAX, 'large batches are refused'),
    ...Object.entries({
      'min.insync.replicas': String(minInsyncReplicas),
      'unclean.leader.election.enable': 'false',
      'segment.bytes': '16777216',
      'segment.ms': '3600000',
    }).map(([name, value]): TopicSetting => ({ name, value, must: 'be whatever', otherwise: '' })),
  ],
});

const equal = (name: string, value: string, otherwise: string): TopicSetting => ({
  name,
  value,
  must: 'equal',
  otherwise,
});

const reach = (name: string, value: number, otherwise: string): TopicSetting => ({
  name,
  value: String(value),
  must: 'reach',
  otherwise,
});
