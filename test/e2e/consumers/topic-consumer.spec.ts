import { globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import {
  KafkaEventLog,
  KafkaTrimmableLog,
  LogArchiver,
  encodeFact,
  ensureTopics,
  openArchiveStore,
  type KafkaOptions,
} from '#event-log';
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
  let archive: string;

  const consume = (database: string, ...more: string[]): Promise<string> =>
    runExample(
      'cost_per_day_topic.py',
      '--brokers',
      broker.bootstrap,
      '--database',
      join(folder, `${database}.sqlite`),
      '--once',
      ...more,
    );
  const toBroker = (): KafkaOptions => ({
    brokers: [broker.bootstrap],
    clientId: 'consumers',
    onTrouble: () => undefined,
  });
  const append = (first: number, count: number): Promise<unknown> =>
    log.append(chargesFrom(first, count).map(encodeFact));

  /** Archives the whole topic and drops it. */
  async function trim(): Promise<void> {
    const archiver = new LogArchiver({ log, store: openArchiveStore({ directory: archive }, clock), clock });
    await archiver.seal({ all: true });
    await new KafkaTrimmableLog(toBroker()).dropBelow(await archiver.archivedTo());
  }

  beforeAll(async () => {
    broker = await KafkaBroker.start();
    await ensureTopics(toBroker(), { replicationFactor: 1, minInsyncReplicas: 1 });
    log = new KafkaEventLog(toBroker(), clock);
    folder = mkdtempSync(join(tmpdir(), 'consumer-'));
    archive = join(folder, 'archive');
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
    const database = new DatabaseSync(join(folder, 'costs.sqlite'));
    database.exec('DELETE FROM position');
    database.close();
    expect(await consume('costs')).toBe(expectedCosts(1_200));
  });

  it('prints no sum that lacks what the topic has dropped', async () => {
    await trim();
    await append(1_200, 100);
    await expect(consume('late')).rejects.toThrow('name the --archive');
    expect(await consume('costs')).toBe(expectedCosts(1_300)); // had read it before

    await append(1_300, 100);
    await trim();
    await expect(consume('costs')).rejects.toThrow('name the --archive');
  });

  it('reads in the archive what the topic has dropped, if all of it is there', async () => {
    await append(1_400, 100);
    for (const database of ['costs', 'late']) {
      expect(await consume(database, '--archive', archive)).toBe(expectedCosts(1_500));
      expect(await consume(database)).toBe(expectedCosts(1_500));
    }
    rmSync(globSync(join(archive, '*', '*.manifest.json')).sort()[0] ?? '');
    await expect(consume('anew', '--archive', archive)).rejects.toThrow('Neither the topic nor');
  });
});
