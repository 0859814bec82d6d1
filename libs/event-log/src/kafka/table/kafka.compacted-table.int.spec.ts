import { Kafka, logLevel } from 'kafkajs';
import { describeWithKafka } from '../../../../../test/engines/kafka-broker.js';
import { waitUntil } from '../../../../../test/engines/wait-until.js';
import { LogUnavailableError } from '../../event-log.errors.js';
import { describeCompactedTable, lastValues, readUntil, row } from '../../table/compacted-table.suite.js';
import type { TableEntry, TableRow } from '../../table/compacted-table.port.js';
import { ensureTopics } from '../topics/ensure-topics.js';
import type { KafkaOptions } from '../client/kafka.options.js';
import { TopicMismatchError } from '../client/with-admin.js';
import { KafkaUnderTest } from '../kafka-under-test.suite.js';
import { KafkaCompactedTable } from './kafka.compacted-table.js';
import { posteriorsTopicOf } from './table-topic.js';

const ONE_COPY = { replicationFactor: 1, minInsyncReplicas: 1 };
/** The cleaner looks at once, and not every 15 s. */
const EAGER_CLEANER = { 'log.cleaner.backoff.ms': '50' };

describeWithKafka('a table on Kafka', () => {
  let kafka: KafkaUnderTest;
  beforeAll(async () => void (kafka = await KafkaUnderTest.start(EAGER_CLEANER)));
  afterAll(() => kafka.stop());

  const withAdmin = async <Result>(work: (admin: ReturnType<Kafka['admin']>) => Promise<Result>): Promise<Result> => {
    const admin = new Kafka({ brokers: [kafka.broker.directBootstrap], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    try {
      return await work(admin);
    } finally {
      await admin.disconnect();
    }
  };
  /** Publishes again until the brokers have it, as a projector does. */
  const publishUntilThere = async (table: KafkaCompactedTable, rows: readonly TableRow[]): Promise<number> => {
    for (let failed = 0; ; failed += 1) {
      const error = await table.publish(rows).catch((reason: unknown) => reason);
      if (error === undefined) return failed;
      expect(error).toBeInstanceOf(LogUnavailableError);
    }
  };

  /** A topic that has just been made has its leaders a moment later, for one client and then for the next. */
  const opened = async (options: KafkaOptions): Promise<KafkaCompactedTable> => {
    const table = new KafkaCompactedTable(options);
    const follower = table.follow();
    const answers = (): Promise<boolean> =>
      follower.next().then(
        () => true,
        () => false,
      );
    await waitUntil(answers);
    await follower.close();
    return table;
  };

  describeCompactedTable({ name: 'the table on Kafka', open: async () => opened(await kafka.newTopic()) });

  describe('with its topic', () => {
    let options: KafkaOptions;
    let topic: string;
    let table: KafkaCompactedTable;
    beforeEach(async () => {
      options = await kafka.newTopic();
      topic = posteriorsTopicOf(options.topic);
      table = await opened(options);
    });
    afterEach(() => table.close());

    it('finds it made to be compacted, and refuses one that is not, or has other partitions', async () => {
      expect(await ensureTopics(options, ONE_COPY)).toEqual([]);
      const [events, posteriors] = [kafka.options('refused'), posteriorsTopicOf('refused')];
      const topics = [{ topic: posteriors, numPartitions: 8 }];
      await withAdmin((admin) => admin.createTopics({ waitForLeaders: false, topics }));
      await waitUntil(() => withAdmin(async (admin) => (await admin.listTopics()).includes(posteriors)));
      await expect(ensureTopics(events, ONE_COPY)).rejects.toThrow(
        /refused\.posteriors is not set as it must be.*cleanup\.policy=delete/s,
      );

      await withAdmin((admin) => admin.createPartitions({ topicPartitions: [{ topic: posteriors, count: 9 }] }));

      await expect(ensureTopics(events, ONE_COPY)).rejects.toThrow(TopicMismatchError);
      await expect(ensureTopics(events, ONE_COPY)).rejects.toThrow(/has 9 partitions and must have 8/);
    });

    it('is read to the same end after compaction, with holes in its batches', async () => {
      const configEntries = [
        { name: 'cleanup.policy', value: 'compact' }, // what is not named would get its default
        { name: 'segment.ms', value: '50' },
        { name: 'min.cleanable.dirty.ratio', value: '0.01' },
      ];
      await withAdmin((admin) =>
        admin.alterConfigs({ validateOnly: false, resources: [{ type: 2, name: topic, configEntries }] }),
      );
      let published = 0;
      let found = Infinity;
      let read: Awaited<ReturnType<typeof readUntil>> = [];
      for (let round = 0; found >= published; round += 1) {
        // Some keys of every batch stay, and the last of each is superseded: batches end before their range does.
        await table.publish([
          row(3, `3/kept-${round % 50}`, String(round)),
          row(3, '3/a', `${round}`),
          row(3, '3/b', `${round}`),
        ]);
        published += 3;
        const follower = table.follow();
        read = await readUntil(follower, row(3, '3/b', String(round)));
        await follower.close();
        found = read.length;
      }
      const follower = table.follow();
      await table.publish([row(3, '3/end', 'end')]);
      const last = lastValues(await readUntil(follower, row(3, '3/end', 'end')));

      expect(last.get('3/a')).toBe(lastValues(read).get('3/b'));
      for (const [key, value] of lastValues(read)) expect([key, last.get(key)]).toEqual([key, value]);
    });

    it('loses nothing of what was acknowledged when acknowledgements are lost', async () => {
      const failures = [];
      for (let round = 0; round < 5; round += 1) {
        kafka.loseNext('acknowledgement', 10);
        failures.push(await publishUntilThere(table, [row(2, '2/a', String(round)), row(2, '2/b', String(round))]));
      }
      const read = await readUntil(table.follow(), row(2, '2/b', '4'));

      expect(lastValues(read)).toEqual(
        new Map([
          ['2/a', '4'],
          ['2/b', '4'],
        ]),
      );
      const order = read.filter(({ key }) => key === '2/a').map(({ value }) => Number(value));
      expect(order).toEqual(order.toSorted((left, right) => left - right));
      expect(failures).toHaveLength(5);
    });

    it('says so while the broker is away, and goes on where it was when it is back', async () => {
      const follower = table.follow();
      await table.publish([row(2, '2/a', '1')]);
      await readUntil(follower, row(2, '2/a', '1'));
      await kafka.broker.kill('SIGKILL');
      const refused = async (): Promise<unknown> => {
        for (;;) {
          const error = await follower.next().catch((reason: unknown) => reason);
          if (error instanceof Error) return error;
        }
      };
      expect(await refused()).toBeInstanceOf(LogUnavailableError);
      await expect(table.publish([row(2, '2/a', '2')])).rejects.toThrow(LogUnavailableError);

      await kafka.broker.restart();
      await publishUntilThere(table, [row(2, '2/a', '2')]);

      const read: TableEntry[] = [];
      while (!read.some(({ value }) => value === '2')) read.push(...(await follower.next().catch(() => [])));
      expect(read.filter(({ value }) => value === '1')).toEqual([]);
    });

    it('follows a topic that was made anew from its beginning', async () => {
      const follower = table.follow();
      await table.publish(Array.from({ length: 20 }, (_, index) => row(2, `2/${index}`, 'old')));
      await readUntil(follower, row(2, '2/19', 'old'));
      await withAdmin((admin) => admin.deleteTopics({ topics: [topic] }));
      await waitUntil(async () => !(await withAdmin((admin) => admin.listTopics())).includes(topic));
      await ensureTopics(options, ONE_COPY);
      await publishUntilThere(table, [row(2, '2/a', 'new')]);

      const read: TableEntry[] = [];
      while (!read.some(({ value }) => value === 'new')) read.push(...(await follower.next().catch(() => [])));
      expect(read).toMatchObject([{ key: '2/a', value: 'new' }]);
    });
  });
});
