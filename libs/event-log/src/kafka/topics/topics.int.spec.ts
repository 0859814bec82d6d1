import { Kafka, logLevel } from 'kafkajs';
import { describeWithKafka } from '../../../../../test/engines/kafka-broker.js';
import { waitUntil } from '../../../../../test/engines/wait-until.js';
import { LogUnavailableError } from '../../event-log.errors.js';
import { TopicMismatchError } from '../client/with-admin.js';
import { KafkaUnderTest } from '../kafka-under-test.suite.js';
import { assertEventsTopic } from './assert-events-topic.js';
import { ensureTopics } from './ensure-topics.js';

const ONE_COPY = { replicationFactor: 1, minInsyncReplicas: 1 };

describeWithKafka('the topic of events', () => {
  let kafka: KafkaUnderTest;
  beforeAll(async () => void (kafka = await KafkaUnderTest.start()));
  afterAll(() => kafka.stop());

  /** As an operator makes one, with settings of his own. */
  async function make(topic: string, numPartitions: number, settings: Readonly<Record<string, string>> = {}) {
    const { directBootstrap } = kafka.broker;
    const admin = new Kafka({ brokers: [directBootstrap], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    try {
      const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
      await admin.createTopics({ waitForLeaders: false, topics: [{ topic, numPartitions, configEntries }] });
      await waitUntil(async () => (await admin.listTopics()).includes(topic));
    } finally {
      await admin.disconnect();
    }
  }

  it('is refused when Kafka would delete what is in it, with the command that mends it', async () => {
    await make('acme.events', 64, { 'retention.ms': '3600000', 'retention.bytes': '1073741824' });

    const refusal = await ensureTopics(kafka.options('acme.events'), ONE_COPY).catch((error: unknown) => error);

    expect(refusal).toBeInstanceOf(TopicMismatchError);
    expect(String(refusal)).toContain('retention.ms=3600000 must be -1');
    expect(String(refusal)).toMatch(/--add-config retention.ms=-1,retention.bytes=-1,max.message.bytes=4194304$/);
  });

  it('cannot have more copies than there are brokers, and that is said with what to set', async () => {
    const made = ensureTopics(kafka.options('new.events'), { replicationFactor: 3, minInsyncReplicas: 2 });
    await expect(made).rejects.toThrow(/new\.events cannot have 3 copies.*set OVERTURE_KAFKA_REPLICATION=1\./);
  });

  it('is found by a gateway where it was made, and missed by its name where it was not', async () => {
    await expect(assertEventsTopic(await kafka.newTopic())).resolves.toBeUndefined();
    await expect(assertEventsTopic(kafka.options('missing.events'))).rejects.toThrow(
      /There is no topic missing\.events.*OVERTURE_KAFKA_TOPIC.*overture migrate/,
    );
    await make('other.events', 12);
    await expect(assertEventsTopic(kafka.options('other.events'))).rejects.toThrow(
      /has 12 partitions and must have 64/,
    );
  });

  it('is not known to be missing while Kafka is away', async () => {
    kafka.proxy.refuse();
    await expect(assertEventsTopic(kafka.options('missing.events'))).rejects.toThrow(LogUnavailableError);
    kafka.proxy.heal();
  });
});
