import { describeWithKafka } from '../../../../test/engines/kafka-broker.js';
import { waitUntil } from '../../../../test/engines/wait-until.js';
import { Campaign } from '../../../../test/faults/campaign.js';
import { LogOverloadedError, OffsetOutOfRangeError } from '../event-log.errors.js';
import type { EventLog, LogRecord } from '../event-log.port.js';
import { describeEventLog } from '../event-log.suite.js';
import { makeRecords, readEffects } from '../log-records.suite.js';
import { KafkaUnderTest } from './kafka-under-test.suite.js';
import { PRODUCER_CONFIG, clientConfig } from './client/kafka.options.js';
import { Kafka } from './client/kafkajs-internals.js';
import { toMessage } from './client/message-codec.js';

/** A night has the whole minute. */
const AWAY_MS_NIGHTLY = 60_000;
const BROKER_AWAY_MS = 10_000;
/** Longer than a request may take, so that clients give up and are built anew. */
const SILENCE_MS = 17_000;
/** What is promised for the first acknowledgement once the broker is there again, or everything passes again. */
const BACK_WITHIN_MS = { broker: 15_000, peer: 30_000 } as const;
/** Events that the log holds before it refuses, and how many are appended meanwhile whatever becomes of them. */
const HELD_MAX = 20_000;
const EVENTS_PER_SECOND = 500;

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
    /** 500 events a second in five partitions, whether the ones before are acknowledged or not. */
    class Stream {
      readonly acknowledged: LogRecord[] = [];
      readonly errors: unknown[] = [];
      refused = 0;
      held = 0;
      mostHeld = 0;
      private isOver = false;
      private readonly appends: Promise<void>[] = [];
      private readonly running: Promise<void>;

      constructor(private readonly log: Pick<EventLog, 'append'>) {
        this.running = this.run();
      }

      /** Resolves when everything that was appended is acknowledged or refused. */
      async end(): Promise<void> {
        this.isOver = true;
        await this.running;
        await Promise.all(this.appends);
      }

      private async run(): Promise<void> {
        const startedMs = performance.now();
        while (!this.isOver) {
          const due = ((performance.now() - startedMs) * EVENTS_PER_SECOND) / 1_000;
          while (this.appends.length < due) this.appends.push(this.appendNext());
          await later(2);
        }
      }

      private async appendNext(): Promise<void> {
        const record = { ...makeRecords(1)[0]!, partition: this.appends.length % 5 };
        this.mostHeld = Math.max(this.mostHeld, (this.held += 1));
        try {
          await this.log.append([record]);
          this.acknowledged.push(record);
        } catch (error) {
          if (error instanceof LogOverloadedError) this.refused += 1;
          else this.errors.push(error);
        } finally {
          this.held -= 1;
        }
      }
    }
    /** Appends on and on while something is away, and looks up what became of it. */
    const outage = async (name: string, fault: (isNightly: boolean) => Promise<void>, backWithinMs: number) => {
      const campaign = new Campaign(name);
      for (let round = 1; round <= campaign.rounds; round += 1) {
        const { log } = await kafka.open();
        const stream = new Stream(log);
        await waitUntil(() => stream.acknowledged.length > EVENTS_PER_SECOND);
        await fault(campaign.isNightly);
        const [backMs, before] = [performance.now(), stream.acknowledged.length];
        campaign.injected += 1;
        campaign.most('held', stream.held);
        await waitUntil(() => stream.acknowledged.length > before);
        campaign.most('back_ms', Math.round(performance.now() - backMs));
        expect(performance.now() - backMs).toBeLessThan(backWithinMs);
        await stream.end();
        expect(stream.errors).toEqual([]);
        // What piled up is bounded: memory holds so many, and whoever comes then is refused.
        expect(stream.mostHeld).toBeGreaterThan(EVENTS_PER_SECOND);
        expect(stream.mostHeld).toBeLessThanOrEqual(HELD_MAX + 1);
        if (stream.refused > 0) expect(stream.mostHeld).toBeGreaterThanOrEqual(HELD_MAX);
        await assertSame(log, stream.acknowledged);
        campaign.checked += stream.acknowledged.length;
        campaign.count('refused', stream.refused);
        await log.close();
      }
      campaign.report();
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

    it('C6 loses nothing while the broker is away, holds no more than it may, goes on when it is back', async () => {
      const fault = async (isNightly: boolean): Promise<void> => {
        await kafka.broker.kill('SIGKILL');
        await later(isNightly ? AWAY_MS_NIGHTLY : BROKER_AWAY_MS);
        await kafka.broker.restart();
      };
      await outage('broker-loss', fault, BACK_WITHIN_MS.broker);
    });

    it('C7 goes on when a peer that had vanished without a word is back', async () => {
      const fault = async (isNightly: boolean): Promise<void> => {
        kafka.proxy.blackhole();
        await later(isNightly ? AWAY_MS_NIGHTLY : SILENCE_MS);
        kafka.proxy.heal();
      };
      await outage('vanished-peer', fault, BACK_WITHIN_MS.peer);
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
