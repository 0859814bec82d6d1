import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin } from 'kafkajs';
import { PARTITION_COUNT } from '../../identity/partition-of.js';
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

/**
 * Creates the topic of events if it is missing. Partitions are fixed for ever, since a tenant's events keep their order
 * only while it stays in its partition; nothing is deleted until an archiver has it, so retention has no end.
 * @returns what was created. @throws TopicMismatchError
 */
export async function ensureTopics(options: KafkaOptions, durability: TopicDurability): Promise<readonly string[]> {
  const topic = options.topic ?? EVENTS_TOPIC;
  const admin = new Kafka(clientConfig(options)).admin();
  await admin.connect();
  try {
    if ((await admin.listTopics()).includes(topic)) {
      await assertFits(admin, topic);
      return [];
    }
    await admin.createTopics({
      waitForLeaders: false, // kafkajs gives up when the broker that it asks has not heard of the topic yet
      topics: [
        {
          topic,
          numPartitions: PARTITION_COUNT,
          replicationFactor: durability.replicationFactor,
          configEntries: Object.entries(settingsOf(durability)).map(([name, value]) => ({ name, value })),
        },
      ],
    });
    await untilLed(admin, topic);
    return [topic];
  } finally {
    await admin.disconnect();
  }
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

const settingsOf = ({ minInsyncReplicas }: TopicDurability): Readonly<Record<string, string>> => ({
  'cleanup.policy': 'delete',
  'retention.ms': '-1',
  'retention.bytes': '-1',
  'min.insync.replicas': String(minInsyncReplicas),
  'unclean.leader.election.enable': 'false',
  'max.message.bytes': String(MESSAGE_BYTES_MAX),
});

async function assertFits(admin: Admin, topic: string): Promise<void> {
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  const count = topics[0]?.partitions.length ?? 0;
  if (count !== PARTITION_COUNT) {
    throw new TopicMismatchError(
      `The topic ${topic} has ${count} partitions and must have ${PARTITION_COUNT}: the partition of a tenant never ` +
        'changes, so use another topic or move its events.',
    );
  }
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configNames: ['cleanup.policy', 'max.message.bytes'] }],
  });
  const found = new Map(resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]));
  if (found.get('cleanup.policy') !== 'delete') {
    throw new TopicMismatchError(
      `The topic ${topic} has cleanup.policy=${found.get('cleanup.policy')}: that drops history, set it to delete.`,
    );
  }
  if (Number(found.get('max.message.bytes')) < MESSAGE_BYTES_MAX) {
    throw new TopicMismatchError(
      `The topic ${topic} takes ${found.get('max.message.bytes')} bytes a batch: set max.message.bytes to ` +
        `${MESSAGE_BYTES_MAX} or more.`,
    );
  }
}
