import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin } from 'kafkajs';
import type { KafkaOptions } from '../client/kafka.options.js';
import { ConfigResourceTypes, creationErrors, errorType } from '../client/kafkajs-internals.js';
import { TopicMismatchError, withAdmin } from '../client/with-admin.js';
import { topicMisfits, type FoundTopic } from './topic-misfits.js';
import { eventsTopic, posteriorsTopic, type TopicDurability, type WantedTopic } from './wanted-topic.js';

const LOOK_EVERY_MS = 100;
const LOOKS_MAX = 300;
const DENIED = ['TOPIC_AUTHORIZATION_FAILED', 'CLUSTER_AUTHORIZATION_FAILED'];

/**
 * Creates the topics of events and of posteriors where they are missing, once those that are there are found to be
 * what they must. Partitions are fixed for ever, since a tenant's events keep their order only while it stays in its
 * partition.
 * @returns what was created. @throws TopicMismatchError @throws LogUnavailableError
 */
export function ensureTopics(options: KafkaOptions, durability: TopicDurability): Promise<readonly string[]> {
  return withAdmin(options, async (admin) => {
    const there = await admin.listTopics();
    const wanted = [eventsTopic(options, durability), posteriorsTopic(options, durability)];
    const missing = wanted.filter(({ topic }) => !there.includes(topic));
    const misfits: string[] = [];
    for (const each of wanted) {
      if (missing.includes(each)) continue;
      misfits.push(...topicMisfits(each, await describe(admin, each), options.brokers.join(',')));
    }
    if (misfits.length > 0) throw new TopicMismatchError(misfits.join('\n'));
    if (missing.length > 0) await create(admin, missing, durability);
    return missing.map(({ topic }) => topic);
  });
}

async function create(admin: Admin, wanted: readonly WantedTopic[], durability: TopicDurability): Promise<void> {
  const { replicationFactor } = durability;
  try {
    await admin.createTopics({
      waitForLeaders: false, // kafkajs gives up when the broker that it asks has not heard of the topic yet
      topics: wanted.map(({ topic, partitions, settings }) => ({
        topic,
        numPartitions: partitions,
        replicationFactor,
        configEntries: settings.map(({ name, value }) => ({ name, value })),
      })),
    });
  } catch (error) {
    const refused = creationErrors(error);
    if (refused.length === 0) throw error;
    const { brokers } = await admin.describeCluster();
    throw new TopicMismatchError(refused.map((each) => refusalOf(each, replicationFactor, brokers.length)).join('\n'));
  }
  for (const { topic } of wanted) await untilLed(admin, topic);
}

function refusalOf(error: ReturnType<typeof creationErrors>[number], copies: number, brokers: number): string {
  const { topic, type, message } = error;
  if (type === 'INVALID_REPLICATION_FACTOR') {
    return (
      `The topic ${topic} cannot have ${copies} copies, for the brokers that answer are ${brokers}: ` +
      `start more, or set OVERTURE_KAFKA_REPLICATION=${brokers}.`
    );
  }
  const remedy = DENIED.includes(type ?? '') ? ': grant this login Create, or create it as docs/cluster.md says' : '';
  return `The topic ${topic} could not be created (${message})${remedy}.`;
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

async function describe(admin: Admin, { topic, settings }: WantedTopic): Promise<FoundTopic> {
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  const partitions = topics[0]?.partitions ?? [];
  return {
    partitions: partitions.length,
    copies: Math.min(...partitions.map(({ replicas }) => replicas.length)),
    settings: await settingsOf(
      admin,
      topic,
      settings.map(({ name }) => name),
    ),
  };
}

async function settingsOf(admin: Admin, topic: string, configNames: string[]): Promise<ReadonlyMap<string, string>> {
  try {
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configNames }],
    });
    return new Map(resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]));
  } catch (error) {
    if (!DENIED.includes(errorType(error) ?? '')) throw error;
    throw new TopicMismatchError(`This login may not see how the topic ${topic} is set: grant it DescribeConfigs.`);
  }
}
