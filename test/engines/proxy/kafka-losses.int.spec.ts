import { Kafka, logLevel, type Producer } from 'kafkajs';
import { FaultyProxy } from '../faulty-proxy.js';
import { describeWithKafka, KafkaBroker } from '../kafka-broker.js';
import { waitUntil } from '../wait-until.js';
import { KAFKA_API } from './kafka-frames.js';

let proxy: FaultyProxy;
let broker: KafkaBroker;
let producer: Producer | undefined;
let readers = 0;
let topics = 0;
let topic = '';

/** A client that gives up at the first error, unless it is to look past the proxy at what there is. */
const clientOf = (bootstrap: string, retries = 0): Kafka =>
  new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING, requestTimeout: 1000, retry: { retries } });
const patientClient = (): Kafka => clientOf(broker.directBootstrap, 20);

const produce = async (value: string): Promise<unknown> =>
  producer?.send({ topic, acks: -1, messages: [{ value, partition: 0 }] });

/** A new client, as after a restart: without retries, the old one keeps to its dead connection. */
async function connectAnew(): Promise<void> {
  await producer?.disconnect();
  producer = clientOf(broker.bootstrap).producer({ allowAutoTopicCreation: false });
  await producer.connect();
}

/** What the topic holds, as read past the proxy. */
async function written(): Promise<string[]> {
  const kafka = patientClient();
  const admin = kafka.admin();
  await admin.connect();
  const [range] = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  const values: string[] = [];
  const wanted = Number(range?.high) - Number(range?.low);
  if (wanted === 0) return values;
  const consumer = kafka.consumer({ groupId: `readers of ${topic}, ${++readers}` });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    const eachMessage = async ({ message }: { message: { value: Buffer | null } }): Promise<void> => {
      values.push(String(message.value));
      if (values.length === wanted) resolve();
    };
    consumer.run({ eachMessage }).catch(reject);
  });
  await consumer.disconnect();
  return values;
}

describeWithKafka('a broker behind a faulty proxy', () => {
  beforeAll(async () => {
    proxy = await FaultyProxy.start({ protocol: 'kafka', seed: 1 });
    broker = await KafkaBroker.start({ advertisedPort: proxy.port });
    proxy.target = broker.port;
  });
  beforeEach(async () => {
    topic = `sayings-${++topics}`;
    const admin = patientClient().admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
    await admin.disconnect();
    const first = patientClient().producer();
    await first.connect();
    await first.send({ topic, acks: -1, messages: [{ value: 'before', partition: 0 }] });
    await first.disconnect();
    await connectAnew();
  });
  afterEach(() => proxy.heal());
  afterAll(async () => {
    await producer?.disconnect();
    await broker.stop();
    await proxy.close();
  });

  it('is written to by clients that know only the proxy', async () => {
    expect(broker.bootstrap).toBe(proxy.address);
    const accepted = proxy.counts.accepted;
    expect(accepted).toBeGreaterThan(0);
    expect(await written()).toEqual(['before']);
    expect(proxy.counts.accepted).toBe(accepted);
  });

  it('has written what the client was told is lost, when the acknowledgement is dropped', async () => {
    const { responsesLost } = proxy.counts;
    proxy.dropResponse({ apiKey: KAFKA_API.produce });
    await expect(produce('unacknowledged')).rejects.toThrow();
    expect(proxy.counts.responsesLost).toBe(responsesLost + 1);
    await connectAnew();
    await produce('after');
    expect(await written()).toEqual(['before', 'unacknowledged', 'after']);
  });

  it('has written what the client waits for in vain, when the connection stays silent', async () => {
    proxy.dropResponse({ apiKey: KAFKA_API.produce, ending: 'silence' });
    await expect(produce('unacknowledged')).rejects.toThrow('Request Produce');
    await connectAnew();
    expect(await written()).toEqual(['before', 'unacknowledged']);
  });

  it('has not written what the request of was dropped', async () => {
    const { requestsLost } = proxy.counts;
    proxy.dropRequest({ apiKey: KAFKA_API.produce, ending: 'fin' });
    await expect(produce('unheard')).rejects.toThrow();
    expect(proxy.counts.requestsLost).toBe(requestsLost + 1);
    await connectAnew();
    await produce('after');
    expect(await written()).toEqual(['before', 'after']);
  });

  it('drops as many as it is told, and only of the kind it is told', async () => {
    const { responsesLost } = proxy.counts;
    proxy.dropResponse({ apiKey: KAFKA_API.produce, times: 2 });
    for (const value of ['first', 'second']) {
      await expect(produce(value)).rejects.toThrow();
      await connectAnew(); // asks for versions and metadata, which are answered
    }
    await produce('third');
    expect(proxy.counts.responsesLost).toBe(responsesLost + 2);
    expect(await written()).toEqual(['before', 'first', 'second', 'third']);
  });

  it('hears late what was sent into a black hole', async () => {
    await produce('in time');
    proxy.blackhole('toServer');
    await expect(produce('late')).rejects.toThrow('Request Produce');
    expect(await written()).toEqual(['before', 'in time']);
    proxy.heal();
    await connectAnew();
    await produce('after');
    await waitUntil(async () => (await written()).toSorted().join() === 'after,before,in time,late');
  });

  it('keeps its records and its place behind the proxy over a kill', async () => {
    await broker.kill();
    await expect(produce('nobody there')).rejects.toThrow();
    await broker.restart();
    await connectAnew();
    await produce('after');
    expect(await written()).toEqual(['before', 'after']);
  });

  it('answers late when it was paused', async () => {
    await produce('in time');
    broker.pause();
    await expect(produce('late')).rejects.toThrow('Request Produce');
    broker.resume();
    await connectAnew();
    await produce('after');
    await waitUntil(async () => (await written()).toSorted().join() === 'after,before,in time,late');
  });
});
