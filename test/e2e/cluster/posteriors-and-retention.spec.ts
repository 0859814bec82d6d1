import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel, type Admin, type Consumer } from 'kafkajs';
import { Client } from 'pg';
import type { PosteriorRow, RequestRouted } from '#contracts';
import { NO_EVIDENCE, fadeTo, parsePosterior } from '#posterior';
import { Cluster } from '../../engines/cluster.js';
import { describeWithKafka } from '../../engines/kafka-broker.js';
import { ScriptedUpstream, answerWhole } from '../../engines/scripted-upstream.js';
import { TEST_KEY } from '../../engines/standalone.js';
import { waitUntil } from '../../engines/wait-until.js';
import { ROWS_TO_PUBLISH, asPublished } from '../../../apps/projector/src/publishing/__fixtures__/rows-to-publish.js';

interface TrimReport {
  readonly trimmed: readonly { readonly partition: number; readonly next_offset: string; readonly records: string }[];
  readonly failed: readonly object[];
}

describeWithKafka('a cluster with a topic of posteriors and an archive', () => {
  let upstream: ScriptedUpstream;
  let cluster: Cluster;
  let database: Client;
  let archive: string;
  let admin: Admin;
  let analyst: Consumer;
  /** Of every key of the topic of posteriors, all its values in their order. */
  const told = new Map<string, string[]>();
  const decisions = new Map<string, RequestRouted>();

  const chat = async (gateway: number): Promise<string> => {
    const answer = await fetch(`${cluster.replicas[gateway]!.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TEST_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hello' }], max_tokens: 16 }),
    });
    expect(answer.status).toBe(200);
    await answer.text();
    return answer.headers.get('x-request-id') ?? '';
  };
  const untilBooked = (ids: readonly string[]): Promise<boolean> =>
    waitUntil(async () => {
      const { rowCount } = await database.query('select from read.cost_ledger where request_id = any($1)', [ids]);
      return rowCount === ids.length;
    });
  const rows = async (): Promise<Map<string, string>> =>
    new Map((await database.query<Record<string, unknown>>(ROWS_TO_PUBLISH)).rows.map(asPublished));
  const untilTold = (): Promise<boolean> =>
    waitUntil(async () => {
      const wanted = await rows();
      const isSame = [...wanted].every(([key, value]) => told.get(key)?.at(-1) === value);
      return isSame && wanted.size > 0 && wanted.size === told.size;
    });
  const offsetsOf = async (topic: string): Promise<{ low: bigint; high: bigint; partition: number }[]> =>
    (await admin.fetchTopicOffsets(topic)).map(({ low, high, partition }) => ({
      partition,
      low: BigInt(low),
      high: BigInt(high),
    }));
  const recordsIn = async (topic: string): Promise<bigint> =>
    (await offsetsOf(topic)).reduce((sum, { low, high }) => sum + high - low, 0n);
  const compared = async (): Promise<string> =>
    (JSON.parse(await cluster.overture('rebuild', '--compare-only', '--json')) as { outcome: string }).outcome;

  beforeAll(async () => {
    upstream = await ScriptedUpstream.start(answerWhole());
    archive = mkdtempSync(join(tmpdir(), 'overture-archive-'));
    const connection = { provider: 'custom', baseUrl: upstream.baseUrl, models: [{ name: 'm' }] };
    cluster = await Cluster.start({
      gateways: 2,
      projectors: 1,
      environment: { OVERTURE_ARCHIVE: archive },
      config: {
        connections: [
          { ...connection, slug: 'one' },
          { ...connection, slug: 'other' },
        ],
      },
    });
    database = new Client({ connectionString: cluster.postgres.url('postgres') });
    await database.connect();
    const kafka = new Kafka({ brokers: [cluster.broker.directBootstrap], logLevel: logLevel.NOTHING });
    admin = kafka.admin();
    await admin.connect();
    analyst = kafka.consumer({ groupId: 'analyst' });
    await analyst.connect();
    await analyst.subscribe({ topics: ['overture.posteriors', 'overture.events'], fromBeginning: true });
    await analyst.run({
      eachMessage: ({ topic, message }) => {
        const [key, value] = [String(message.key), String(message.value)];
        if (topic === 'overture.posteriors') told.set(key, [...(told.get(key) ?? []), value]);
        const routed = JSON.parse(value) as RequestRouted;
        if (String(message.headers?.['ce_type']) === 'RequestRouted') decisions.set(routed.request_id, routed);
        return Promise.resolve();
      },
    });
  });
  afterAll(async () => {
    await analyst.disconnect();
    await admin.disconnect();
    await database.end();
    await cluster.discard();
    await upstream.close();
    rmSync(archive, { recursive: true });
  });

  it('tells everybody what its tables hold, byte for byte', async () => {
    const ids = await Promise.all(Array.from({ length: 40 }, (_, index) => chat(index % 2)));
    await untilBooked(ids);
    await untilTold();
    for (const values of told.values()) {
      const versions = values.map((value) => BigInt((JSON.parse(value) as PosteriorRow).next_offset));
      expect(versions).toEqual(versions.toSorted((left, right) => (left < right ? -1 : 1)));
    }
    expect(cluster.complaints()).toEqual([]);
  });

  it('tells what a projector could not that was killed amid its work', async () => {
    const chats = Array.from({ length: 30 }, (_, index) => chat(index % 2));
    await chats[0];
    await cluster.projectors[0]!.end('SIGKILL');
    const ids = await Promise.all(chats);
    cluster.projectors[0]!.start();
    await untilBooked(ids);
    await untilTold();
  });

  it('publishes nothing for a rebuild', async () => {
    const before = await recordsIn('overture.posteriors');
    expect(await compared()).toBe('equal');
    expect(await recordsIn('overture.posteriors')).toBe(before);
  });

  it('routes by what came by the topic, to the bit', async () => {
    await database.query('alter view read.posterior rename to posterior_away'); // nobody reads the tables from now on
    const first = await chat(0);
    await untilBooked([first]);
    await untilTold();
    const [newest = ''] = [...told.values()].map((values) => values.at(-1) ?? '').toSorted(byVersion);
    const { next_offset } = JSON.parse(newest) as PosteriorRow;
    for (const gateway of [0, 1]) {
      const decision = await waitUntil(async () => {
        const id = await chat(gateway);
        const made = await waitUntil(() => decisions.get(id));
        return BigInt(made.posterior_version.next_offset) >= BigInt(next_offset) && made;
      });
      const { partition } = decision.posterior_version;
      for (const { id, utility } of decision.candidates) {
        // What the row said when the fold had come to the version of the decision.
        const said = (told.get(`${partition}/${decision.cell}/${id}`) ?? []).map(
          (value) => JSON.parse(value) as PosteriorRow,
        );
        const at = said.findLast((row) => BigInt(row.next_offset) <= BigInt(decision.posterior_version.next_offset));
        const state = parsePosterior(JSON.stringify(at?.state)) ?? NO_EVIDENCE;
        const { n, sum, sumSquares } = fadeTo(state, decision.tick).utility;
        expect(utility).toEqual({ n, sum, sum_squares: sumSquares });
      }
    }
    await database.query('alter view read.posterior_away rename to posterior');
  });

  it('drops nothing of the topic of events unless it is told to', async () => {
    await cluster.overture('archive');
    expect((await offsetsOf('overture.events')).map(({ low }) => low)).toEqual(Array.from({ length: 64 }, () => 0n));
    await expect(cluster.overture('archive', '--trim-older-than', 'a week')).rejects.toThrow(/is not an age/);
    await cluster.overture('archive', '--trim-older-than', '7d');
    expect((await offsetsOf('overture.events')).map(({ low }) => low)).toEqual(Array.from({ length: 64 }, () => 0n));
  });

  it('drops what is archived and shown, says how much, and is rebuilt from the archive to equal tables', async () => {
    await untilTold();
    const before = await recordsIn('overture.events');
    const printed = await cluster.overture('archive', '--trim-older-than', '0s', '--json');
    const report = JSON.parse(printed.trim().split('\n').at(-1) ?? '') as TrimReport;

    expect(report.failed).toEqual([]);
    const removed = report.trimmed.reduce((sum, { records }) => sum + BigInt(records), 0n);
    expect(removed).toBeGreaterThan(100n);
    expect((await recordsIn('overture.events')) + removed).toBe(before);
    const offsets = await offsetsOf('overture.events');
    for (const { partition, next_offset } of report.trimmed) {
      expect(offsets.find((each) => each.partition === partition)?.low).toBe(BigInt(next_offset));
    }
    expect(await compared()).toBe('equal');
    const id = await chat(1);
    await untilBooked([id]);
    await untilTold();
    expect(await compared()).toBe('equal');
  });

  it('goes on dropping what is archived while it follows the log, until it is told to end', async () => {
    await untilBooked([await chat(0)]);
    await cluster.overture('archive');
    await untilTold();
    const before = await recordsIn('overture.events');
    const archiver = cluster.command();
    archiver.start('archive', '--follow', '--trim-older-than', '0s', '--json');
    await waitUntil(() => archiver.stdout.includes('"trimmed"') && archiver.stdout.endsWith('\n'));
    const [report] = archiver.stdout
      .split('\n')
      .filter((line) => line.includes('"trimmed"'))
      .map((line) => JSON.parse(line) as TrimReport);

    expect(report?.failed).toEqual([]);
    const removed = report!.trimmed.reduce((sum, { records }) => sum + BigInt(records), 0n);
    expect(removed).toBeGreaterThan(0n);
    expect((await recordsIn('overture.events')) + removed).toBe(before);
    expect(await archiver.end('SIGTERM')).toBe(0);
    expect(await compared()).toBe('equal');
  });
});

const versionOf = (value: string): bigint => BigInt((JSON.parse(value) as PosteriorRow).next_offset);
const byVersion = (left: string, right: string): number => (versionOf(left) < versionOf(right) ? 1 : -1);
