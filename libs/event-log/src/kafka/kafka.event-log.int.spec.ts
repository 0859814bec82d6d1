import { describeWithKafka } from '../../../../test/engines/kafka-broker.js';
import { waitUntil } from '../../../../test/engines/wait-until.js';
import { Campaign } from '../../../../test/faults/campaign.js';
import { OffsetOutOfRangeError } from '../event-log.errors.js';
import type { LogRecord } from '../event-log.port.js';
import { describeEventLog } from '../event-log.suite.js';
import { makeRecords, readEffects } from '../log-records.suite.js';
import { KafkaUnderTest } from './kafka-under-test.suite.js';
import { PRODUCER_CONFIG, clientConfig } from './client/kafka.options.js';
import { Kafka } from './client/kafkajs-internals.js';
import { toMessage } from './client/message-codec.js';

const BROKER_AWAY_MS = 10_000;
/** Longer than a request may take, so that clients give up and are built anew. */
const SILENCE_MS = 17_000;

const ids = (records: readonly { readonly eventId: string }[]): string[] => records.map(({ eventId }) => eventId);
const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describeWithKafka('Kafka', () => {
  let kafka: KafkaUnderTest;
  beforeAll(async () => {
    kafka = await KafkaUnderTest.start();
  });
  afterAll(() => kafka.stop());

  describeEventLog({
    name: 'the log on Kafka',
    traits: { durable: true, brokered: true, shared: true },
    open: () => kafka.open(),
    openAfterKill: () => kafka.openAfterKill(),
  });

  describe('the log on Kafka, when the network or the broker fails', () => {
    /** Appends about 500 events a second, one after the other in each partition, until told to stop. */
    const appendUntil = async (append: (record: LogRecord) => Promise<unknown>, isOver: () => boolean) => {
      const acknowledged: LogRecord[] = [];
      await Promise.all(
        [0, 1, 2, 3, 4].map(async (partition) => {
          while (!isOver()) {
            const [record] = makeRecords(1).map((made) => ({ ...made, partition }));
            await append(record!);
            acknowledged.push(record!);
            await later(8);
          }
        }),
      );
      return acknowledged;
    };
    const assertSame = async (log: Parameters<typeof readEffects>[0], acknowledged: readonly LogRecord[]) => {
      for (const partition of [0, 1, 2, 3, 4]) {
        const wanted = acknowledged.filter((record) => record.partition === partition);
        expect(ids(await readEffects(log, partition))).toEqual(ids(wanted));
      }
    };

    it('C5 loses and doubles nothing when hundreds of acknowledgements are lost', async () => {
      const campaign = new Campaign('lost-acknowledgement');
      const { log } = await kafka.open();
      const before = kafka.proxy.counts.responsesLost;
      const lost = (): number => kafka.proxy.counts.responsesLost - before;
      const records = Array.from({ length: campaign.rounds }, () => makeRecords(6));
      for (const round of records) {
        const wanted = lost() + 1;
        kafka.loseNext('acknowledgement');
        await Promise.all(round.map((record, index) => log.append([{ ...record, partition: index % 2 }])));
        expect(lost()).toBe(wanted);
        campaign.injected += 1;
        campaign.checked += round.length;
      }
      for (const partition of [0, 1]) {
        const wanted = records.flatMap((round) => round.filter((_, index) => index % 2 === partition));
        expect(ids(await readEffects(log, partition))).toEqual(ids(wanted));
      }
      campaign.report();
      await log.close();
    });

    it('opens no connection that it does not close, however many read and write at once', async () => {
      const { log } = await kafka.open();
      await waitUntil(() => kafka.proxy.connections === 0); // of the tests before
      await Promise.all([
        ...makeRecords(8).map((record, partition) => log.append([{ ...record, partition }])),
        ...makeRecords(8).map((_, partition) => log.read(partition, 0n)),
      ]);
      await log.close();
      await waitUntil(() => kafka.proxy.connections === 0);
    });

    it('C5 needs one batch at a time: with several kafkajs acknowledges what the broker dropped', async () => {
      const options = await kafka.newTopic();
      const topic = options.topic ?? '';
      const producer = new Kafka(clientConfig(options)).producer({ ...PRODUCER_CONFIG, retry: { retries: 20 } });
      await producer.connect();
      const acknowledged: string[] = [];
      for (let round = 0; round < 20; round += 1) {
        kafka.loseNext('acknowledgement');
        await Promise.all(
          makeRecords(4).map(async (record) => {
            await producer.send({ topic, acks: -1, messages: [toMessage({ ...record, partition: 1 })] });
            acknowledged.push(record.eventId);
          }),
        ).catch(() => undefined); // out of order: at least it says so
      }
      await producer.disconnect();
      const { log } = await kafka.open(options);
      const written = new Set(ids(await readEffects(log, 1)));
      expect(acknowledged.filter((eventId) => !written.has(eventId))).not.toEqual([]);
      await log.close();
    });

    it('C6 loses nothing while the broker is away, and goes on when it is back', async () => {
      const { log } = await kafka.open();
      let isOver = false;
      const appending = appendUntil(
        (record) => log.append([record]),
        () => isOver,
      );
      await later(1_000);
      await kafka.broker.kill('SIGKILL');
      await later(BROKER_AWAY_MS);
      await kafka.broker.restart();
      await log.append(makeRecords(1).map((record) => ({ ...record, partition: 9 })));
      isOver = true;
      await assertSame(log, await appending);
      await log.close();
    });

    it('C7 goes on when a peer that had vanished without a word is back', async () => {
      const { log } = await kafka.open();
      let isOver = false;
      const appending = appendUntil(
        (record) => log.append([record]),
        () => isOver,
      );
      await later(500);
      kafka.proxy.blackhole();
      await later(SILENCE_MS);
      kafka.proxy.heal();
      await log.append(makeRecords(1).map((record) => ({ ...record, partition: 9 })));
      isOver = true;
      await assertSame(log, await appending);
      await log.close();
    });

    it('C13 says so when what is asked for has been trimmed, and never skips it', async () => {
      const options = await kafka.newTopic();
      const { log } = await kafka.open(options);
      await log.append(makeRecords(10).map((record) => ({ ...record, partition: 2 })));
      await log.heads(); // every partition has its leader
      const admin = new Kafka({ brokers: [kafka.broker.directBootstrap] }).admin();
      await admin.connect();
      await admin.fetchTopicOffsets(options.topic ?? ''); // kafkajs does not ask for the leaders by itself
      await admin.deleteTopicRecords({ topic: options.topic ?? '', partitions: [{ partition: 2, offset: '4' }] });
      await admin.disconnect();

      const refused = log.read(2, 3n);
      await expect(refused).rejects.toThrow(OffsetOutOfRangeError);
      await expect(refused).rejects.toMatchObject({ earliest: 4n, highWater: 10n });
      expect((await log.read(2, 4n)).events.map(({ offset }) => offset)).toEqual([4n, 5n, 6n, 7n, 8n, 9n]);
      expect(await log.range(2)).toEqual({ earliest: 4n, highWater: 10n });
      await log.close();
    });
  });
});
