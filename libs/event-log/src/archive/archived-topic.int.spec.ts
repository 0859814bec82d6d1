import { Kafka, logLevel } from 'kafkajs';
import { KafkaBroker, describeWithKafka } from '../../../../test/engines/kafka-broker.js';
import { makeRecords, readAll } from '../log-records.suite.js';
import { ensureTopics } from '../kafka/topics/ensure-topics.js';
import { KafkaEventLog } from '../kafka/kafka.event-log.js';
import { EVENTS_TOPIC, type KafkaOptions } from '../kafka/client/kafka.options.js';
import { MemoryArchiveStore } from './__fixtures__/memory-archive-store.js';
import { ArchivedLogReader } from './archived.log-reader.js';
import { OffsetOutOfRangeError } from '../event-log.errors.js';
import { KafkaTrimmableLog } from '../kafka/kafka.trimmable-log.js';
import { LogArchiver } from './log-archiver.js';
import { LogTrimmer } from './log-trimmer.js';

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

  const toBroker = (): KafkaOptions => ({
    brokers: [broker.bootstrap],
    clientId: 'archive',
    onTrouble: () => undefined,
  });

  beforeAll(async () => {
    broker = await KafkaBroker.start();
    const options = toBroker();
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

  it('is trimmed by age to whole segments, and a reader below that is told so', async () => {
    const options = { ...toBroker(), topic: 'trimmed.events' };
    await ensureTopics(options, { replicationFactor: 1, minInsyncReplicas: 1 });
    const trimmed = new KafkaEventLog(options, clock);
    const store = new MemoryArchiveStore();
    const trimmable = new KafkaTrimmableLog(options);
    await trimmed.append(makeRecords(1_000));
    const boundaryMs = Date.now() + 1;
    while (Date.now() <= boundaryMs);
    await trimmed.append(makeRecords(1_000));
    const before = await readAll(trimmed, PARTITION);
    await new LogArchiver({ log: trimmed, store, clock, limits: { eventsMax: 300 } }).seal({ all: true });
    expect((await trimmable.takenBefore(boundaryMs)).get(PARTITION)).toBe(1_000n);
    expect((await trimmable.takenBefore(Date.now() + 60_000)).get(PARTITION)).toBe(2_000n);
    expect((await trimmable.takenBefore(0)).get(PARTITION)).toBe(0n);

    const atBoundary = { ...clock, epochMs: () => boundaryMs };
    const trimmer = new LogTrimmer({ log: trimmed, trimmable, store, clock: atBoundary });
    const passed = new Map([[PARTITION, 2_000n]]);
    const pass = await trimmer.trim({ olderThanMs: 0, passed });

    expect(pass).toEqual({ trimmed: [{ partition: PARTITION, first: 0n, next: 900n }], failed: new Map() });
    expect(await trimmed.range(PARTITION)).toEqual({ earliest: 900n, highWater: 2_000n });
    await expect(trimmed.read(PARTITION, 899n)).rejects.toThrow(OffsetOutOfRangeError);
    expect(await readAll(new ArchivedLogReader({ log: trimmed, store }), PARTITION)).toEqual(before);
    await trimmed.close();
  });

  it('says what is missing after the broker has dropped more than is archived', async () => {
    const reader = new ArchivedLogReader({ log, store: new MemoryArchiveStore() });

    await expect(readAll(reader, PARTITION)).rejects.toThrow('Offset 0 of partition 0 lies outside of 1400..2100');
  });
});
