import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { Client } from 'pg';
import { EVENTS_TOPIC } from '#event-log';
import { Cluster } from '../../engines/cluster.js';
import { describeWithKafka } from '../../engines/kafka-broker.js';
import { ScriptedUpstream, answerWhole } from '../../engines/scripted-upstream.js';
import { TEST_KEY } from '../../engines/standalone.js';
import { waitUntil } from '../../engines/wait-until.js';

interface Replayed {
  readonly matches: boolean;
  readonly differences: readonly string[];
  readonly logged: { readonly chosen: string; readonly probability: number };
  readonly derived: { readonly chosen: string; readonly probabilities: Readonly<Record<string, number>> };
}

describeWithKafka('overture replay in a cluster', () => {
  const archive = mkdtempSync(join(tmpdir(), 'overture-archive-'));
  let upstream: ScriptedUpstream;
  let cluster: Cluster;
  let database: Client;

  /** One answered request; its id. */
  const ask = async (): Promise<string> => {
    const answer = await fetch(`${cluster.replicas[0]!.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TEST_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hello' }], max_tokens: 16 }),
    });
    await answer.text();
    expect(answer.status).toBe(200);
    return answer.headers.get('x-request-id') ?? '';
  };
  const isShipped = async (): Promise<boolean> => {
    const metrics = await (await fetch(`${cluster.replicas[0]!.url}/metrics`)).text();
    return /^overture_journal_backlog_events(?:\{.*\})? 0$/m.test(metrics);
  };
  const isFolded = async (id: string): Promise<boolean> =>
    (await database.query('select from read.cost_ledger where request_id = $1', [id])).rowCount === 1;
  /** Forgets everything that is in the topic, as its retention does some day. */
  const emptyTopic = async (): Promise<void> => {
    const kafka = new Kafka({ brokers: [cluster.broker.directBootstrap], logLevel: logLevel.NOTHING });
    const admin = kafka.admin();
    await admin.connect();
    const ends = (await admin.fetchTopicOffsets(EVENTS_TOPIC)).filter(({ high }) => high !== '0');
    const partitions = ends.map(({ partition, high }) => ({ partition, offset: high }));
    await admin.deleteTopicRecords({ topic: EVENTS_TOPIC, partitions });
    await admin.disconnect();
  };
  const replay = async (id: string): Promise<Replayed> =>
    JSON.parse(await cluster.overture('replay', '--request', id, '--json')) as Replayed;
  const expectSame = ({ matches, differences, logged, derived }: Replayed): void => {
    expect({ matches, differences, chosen: derived.chosen }).toEqual({
      matches: true,
      differences: [],
      chosen: logged.chosen,
    });
    expect(Object.keys(derived.probabilities)).toHaveLength(2);
    expect(derived.probabilities[logged.chosen]).toBe(logged.probability);
  };

  beforeAll(async () => {
    upstream = await ScriptedUpstream.start(answerWhole());
    const models = [{ name: 'm', prices: { inputPerMillionUsd: '1.50', outputPerMillionUsd: '6.00' } }];
    const connection = { provider: 'custom', baseUrl: upstream.baseUrl, models };
    cluster = await Cluster.start({
      gateways: 1,
      projectors: 1,
      environment: { OVERTURE_ARCHIVE: archive },
      config: {
        connections: [
          { slug: 'alpha', ...connection },
          { slug: 'beta', ...connection },
        ],
      },
    });
    database = new Client({ connectionString: cluster.postgres.url('postgres') });
    await database.connect();
  });
  afterAll(async () => {
    await database.end();
    await cluster.discard();
    await upstream.close();
    rmSync(archive, { recursive: true });
  });

  it('derives a decision from the topic, and from the archive once the topic has forgotten it', async () => {
    const ids = [await ask(), await ask(), await ask()];
    await waitUntil(() => isFolded(ids[2]!));
    expectSame(await replay(ids[1]!));

    await cluster.overture('archive');
    await emptyTopic();
    for (const id of ids) expectSame(await replay(id));
  });

  it('derives one that no table knows yet', async () => {
    await cluster.projectors[0]!.end('SIGTERM');
    const id = await ask();
    await waitUntil(isShipped);
    expectSame(await replay(id));
  });

  it('says so when there is none', async () => {
    const unknown = '019a1b2c-3d4e-7f50-8a1b-2c3d4e5f6071';
    await expect(replay(unknown)).rejects.toThrow(`The log has no routing decision for request ${unknown}.`);
  });
});
