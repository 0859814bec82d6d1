import { existsSync } from 'node:fs';
import { Kafka, logLevel } from 'kafkajs';
import { describeWithKafka, KafkaBroker } from '../kafka-broker.js';

const TOPIC = 'sayings';

const clientOf = (broker: KafkaBroker): Kafka =>
  new Kafka({ brokers: [broker.bootstrap], logLevel: logLevel.NOTHING, retry: { retries: 20, initialRetryTime: 50 } });

async function createTopic(broker: KafkaBroker): Promise<void> {
  const admin = clientOf(broker).admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: 1 }] });
  await admin.disconnect();
}

async function produce(broker: KafkaBroker, values: readonly string[]): Promise<void> {
  const producer = clientOf(broker).producer({ allowAutoTopicCreation: false });
  await producer.connect();
  await producer.send({ topic: TOPIC, acks: -1, messages: values.map((value) => ({ value, partition: 0 })) });
  await producer.disconnect();
}

/** The first `count` values of the topic, read as a group. */
async function consume(broker: KafkaBroker, count: number, groupId = 'readers'): Promise<string[]> {
  const consumer = clientOf(broker).consumer({ groupId });
  const values: string[] = [];
  await consumer.connect();
  await consumer.subscribe({ topic: TOPIC, fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    consumer
      .run({
        eachMessage: async ({ message }) => {
          values.push(String(message.value));
          if (values.length === count) resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return values;
}

describeWithKafka('a broker of the tests', () => {
  let broker: KafkaBroker;

  beforeAll(async () => {
    broker = await KafkaBroker.start();
    await createTopic(broker);
  });
  afterAll(() => broker.stop());

  it('keeps what it acknowledged over kill -9 and restart', async () => {
    await produce(broker, ['first', 'second']);
    await broker.kill();
    expect(broker.isRunning).toBe(false);
    await broker.restart();
    await produce(broker, ['third']);
    expect(await consume(broker, 3)).toEqual(['first', 'second', 'third']);
  });

  it('leaves nothing behind', async () => {
    const another = await KafkaBroker.start();
    await another.stop();
    expect(another.isRunning).toBe(false);
    expect(existsSync(another.folder)).toBe(false);
  });
});
