import { Kafka, logLevel } from 'kafkajs';
import { KafkaBroker, describeWithKafka } from '../../../../test/engines/kafka-broker.js';
import { makeRecords, readAll } from '../log-records.suite.js';
import { ensureTopics } from '../kafka/client/ensure-topics.js';
import { KafkaEventLog } from '../kafka/kafka.event-log.js';
import { EVENTS_TOPIC, type KafkaOptions } from '../kafka/client/kafka.options.js';
import { MemoryArchiveStore } from './__fixtures__/memory-archive-store.js';
import { ArchivedLogReader } from './archived.log-reader.js';
import { LogArchiver } from './log-archiver.js';

const clock = { epochMs: () => Date.now(), monotonicMs: () => performance.now() };
const PARTITION = 0;

describeWithKafka('a topic with an archive', () => {
  let broker: KafkaBroker;
  let log: KafkaEventLog;

  /** Drops the beginning of the partition for good, as retention does. */
  async function dropBelow(offset: bigint): Promise<void> {
    const admin = new Kafka({ brokers: [broker.directBootstrap], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const partitions = [{ partition: PARTITION, offset: String(offset) }];
    await admin.fetchTopicOffsets(EVENTS_TOPIC); // tells the client who leads the partition
    await admin.deleteTopicRecords({ topic: EVENTS_TOPIC, partitions });
    await admin.disconnect();
  }

  beforeAll(async () => {
    broker = await KafkaBroker.start();
    const options: KafkaOptions = { brokers: [broker.bootstrap], clientId: 'archive', onTrouble: () => undefined };
    await ensureTopics(options, { replicationFactor: 1, minInsyncReplicas: 1 });
    log = new KafkaEventLog(options, clock);
  });
  afterAll(async () => {
    await log.close();
    await broker.stop();
  });

  it('is whole after the broker has dropped what is archived', async () => {
    const store = new MemoryArchiveStore();
    const archiver = new LogArchiver({ log, store, clock, limits: { eventsMax: 700 } });
    await log.append(makeRecords(2_000));
    expect((await archiver.seal()).sealed).toHaveLength(2);
    const before = await readAll(log, PARTITION);
    expect(before).toHaveLength(2_000);
    const archivedTo = (await archiver.archivedTo()).get(PARTITION) ?? 0n;
    expect(archivedTo).toBe(1_400n);

    await dropBelow(archivedTo);
    await log.append(makeRecords(100));

    expect((await log.range(PARTITION)).earliest).toBe(1_400n);
    const events = await readAll(new ArchivedLogReader({ log, store }), PARTITION);
    expect(events.slice(0, 2_000)).toEqual(before);
    expect(events.slice(1_400)).toEqual((await log.read(PARTITION, 1_400n)).events);
    expect(events).toHaveLength(2_100);
  });

  it('says what is missing after the broker has dropped more than is archived', async () => {
    const reader = new ArchivedLogReader({ log, store: new MemoryArchiveStore() });

    await expect(readAll(reader, PARTITION)).rejects.toThrow('Offset 0 of partition 0 lies outside of 1400..2100');
  });
});
