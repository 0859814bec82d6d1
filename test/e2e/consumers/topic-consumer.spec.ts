import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KafkaEventLog, encodeFact, ensureTopics } from '#event-log';
import { KafkaBroker, describeWithKafka } from '../../engines/kafka-broker.js';
import { PYTHON } from '../../engines/python.js';
import { runExample } from './run-example.js';
import { chargesFrom, expectedCosts } from './sample-charges.js';

const clock = { epochMs: () => Date.now(), monotonicMs: () => performance.now() };
const describeWithBoth = PYTHON === undefined ? describe.skip : describeWithKafka;

describeWithBoth('the Python example over the topic', () => {
  let broker: KafkaBroker;
  let log: KafkaEventLog;
  let folder: string;
  let database: string;

  const consume = (group: string): Promise<string> =>
    runExample(
      'cost_per_day_topic.py',
      '--brokers',
      broker.bootstrap,
      '--database',
      database,
      '--group',
      group,
      '--once',
    );
  const append = (first: number, count: number): Promise<unknown> =>
    log.append(chargesFrom(first, count).map(encodeFact));

  beforeAll(async () => {
    broker = await KafkaBroker.start();
    const options = { brokers: [broker.bootstrap], clientId: 'consumers', onTrouble: () => undefined };
    await ensureTopics(options, { replicationFactor: 1, minInsyncReplicas: 1 });
    log = new KafkaEventLog(options, clock);
    folder = mkdtempSync(join(tmpdir(), 'consumer-'));
    database = join(folder, 'costs.sqlite');
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await log.close();
    await broker.stop();
  });

  it('sums every charge once, whatever is delivered again', async () => {
    await append(0, 1_000);
    await append(500, 500); // a replica that was not sure sends a batch again
    expect(await consume('costs')).toBe(expectedCosts(1_000));

    await append(1_000, 200);
    expect(await consume('costs')).toBe(expectedCosts(1_200));
    expect(await consume('costs')).toBe(expectedCosts(1_200));
  });

  it('changes nothing when it reads all of it again', async () => {
    expect(await consume('costs, from the beginning')).toBe(expectedCosts(1_200));
  });
});
