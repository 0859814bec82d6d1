import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin } from 'kafkajs';
import { PARTITION_COUNT } from '../../identity/partition-of.js';
import { TABLE_PARTITIONS, posteriorsTopicOf } from '../table/table-topic.js';
import { EVENTS_TOPIC, clientConfig, type KafkaOptions } from './kafka.options.js';
import { ConfigResourceTypes, Kafka } from './kafkajs-internals.js';

/** An event of 1 MiB with headers, and a group of them. */
const MESSAGE_BYTES_MAX = 4_194_304;
const LOOK_EVERY_MS = 100;
const LOOKS_MAX = 300;

export interface TopicDurability {
  /** Copies of every partition; 3 in production. */
  readonly replicationFactor: number;
  /** Copies that must have a batch before it is acknowledged; 2 of 3 in production. */
  readonly minInsyncReplicas: number;
}

/** The topic is there, but is not what the gateway needs; says what to change. */
export class TopicMismatchError extends Error {
  override name = 'TopicMismatchError';
}

/** What a topic must be for us. */
interface WantedTopic {
  readonly topic: string;
  readonly partitions: number;
  readonly cleanup: 'delete' | 'compact';
  /** Why another number of partitions does not do. */
  readonly fixed: string;
  /** What another policy would do. */
  readonly otherwise: string;
  readonly settings: Readonly<Record<string, string>>;
}

/**
 * Creates the topics of events and of posteriors where they are missing. Partitions are fixed for ever, since a
 * tenant's events keep their order only while it stays in its partition; nothing is deleted until an archiver has it,
 * so retention has no end.
 * @returns what was created. @throws TopicMismatchError
 */
export async function ensureTopics(options: KafkaOptions, durability: TopicDurability): Promise<readonly string[]> {
  const admin = new Kafka(clientConfig(options)).admin();
  await admin.connect();
  try {
    const there = await admin.listTopics();
    const wanted = [eventsTopic(options), posteriorsTopic(options)];
    const missing = wanted.filter(({ topic }) => !there.includes(topic));
    for (const each of wanted) if (!missing.includes(each)) await assertFits(admin, each);
    if (missing.length > 0) await create(admin, missing, durability);
    return missing.map(({ topic }) => topic);
  } finally {
    await admin.disconnect();
  }
}

const eventsTopic = ({ topic = EVENTS_TOPIC }: KafkaOptions): WantedTopic => ({
  topic,
  partitions: PARTITION_COUNT,
  cleanup: 'delete',
  fixed: 'the partition of a tenant never changes, so use another topic or move its events',
  otherwise: 'that drops history',
  settings: { 'retention.ms': '-1', 'retention.bytes': '-1' },
});

/** Segments are small, since the one that is written to is never compacted and every reader begins at the first. */
const posteriorsTopic = ({ topic }: KafkaOptions): WantedTopic => ({
  topic: posteriorsTopicOf(topic),
  partitions: TABLE_PARTITIONS,
  cleanup: 'compact',
  fixed: 'a key never changes its partition, so delete the topic: projectors publish everything again at their start',
  otherwise: 'that drops the last value of a key',
  settings: { 'segment.bytes': '16777216', 'segment.ms': '3600000' },
});

async function create(admin: Admin, wanted: readonly WantedTopic[], durability: TopicDurability): Promise<void> {
  await admin.createTopics({
    waitForLeaders: false, // kafkajs gives up when the broker that it asks has not heard of the topic yet
    topics: wanted.map(({ topic, partitions, cleanup, settings }) => ({
      topic,
      numPartitions: partitions,
      replicationFactor: durability.replicationFactor,
      configEntries: Object.entries({
        'cleanup.policy': cleanup,
        'min.insync.replicas': String(durability.minInsyncReplicas),
        'unclean.leader.election.enable': 'false',
        'max.message.bytes': String(MESSAGE_BYTES_MAX),
        ...settings,
      }).map(([name, value]) => ({ name, value })),
    })),
  });
  for (const { topic } of wanted) await untilLed(admin, topic);
}

/** A new topic spreads through the cluster within moments. @throws the last error when it does not. */
async function untilLed(admin: Admin, topic: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      if (topics[0]?.partitions.every(({ leader }) => leader >= 0) === true) return;
      throw new Error(`not every partition of ${topic} has a leader`);
    } catch (error) {
      if (attempt === LOOKS_MAX) throw error;
      await sleep(LOOK_EVERY_MS);
    }
  }
}

async function assertFits(admin: Admin, wanted: WantedTopic): Promise<void> {
  const { topic, partitions, cleanup, fixed, otherwise } = wanted;
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  const count = topics[0]?.partitions.length ?? 0;
  if (count !== partitions) {
    throw new TopicMismatchError(`The topic ${topic} has ${count} partitions and must have ${partitions}: ${fixed}.`);
  }
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configNames: ['cleanup.policy', 'max.message.bytes'] }],
  });
  const found = new Map(resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]));
  const policy = found.get('cleanup.policy');
  if (policy !== cleanup) {
    throw new TopicMismatchError(
      `The topic ${topic} has cleanup.policy=${policy}: ${otherwise}, set it to ${cleanup}.`,
    );
  }
  if (Number(found.get('max.message.bytes')) < MESSAGE_BYTES_MAX) {
    throw new TopicMismatchError(
      `The topic ${topic} takes ${found.get('max.message.bytes')} bytes a batch: set max.message.bytes to ` +
        `${MESSAGE_BYTES_MAX} or more.`,
    );
  }
}
