import { rmSync } from 'node:fs';
import { Client } from 'pg';
import { Cluster, type Replica } from '../../engines/cluster.js';
import { describeWithKafka } from '../../engines/kafka-broker.js';
import { ScriptedUpstream, answerNothing, answerWhole } from '../../engines/scripted-upstream.js';
import { TEST_KEY } from '../../engines/standalone.js';
import { waitUntil } from '../../engines/wait-until.js';

describeWithKafka('three gateways and two projectors on Kafka and PostgreSQL', () => {
  let upstream: ScriptedUpstream;
  let cluster: Cluster;
  let database: Client;

  const chat = (url: string, more: object = {}): Promise<Response> =>
    fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TEST_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hello' }], max_tokens: 16, ...more }),
    });
  const booked = async (ids: readonly string[]): Promise<number> => {
    const { rows } = await database.query<{ n: string }>(
      'select count(*) as n from read.cost_ledger where request_id = any($1)',
      [ids],
    );
    return Number(rows[0]?.n);
  };

  beforeAll(async () => {
    upstream = await ScriptedUpstream.start(answerWhole());
    const prices = { inputPerMillionUsd: '150.00', outputPerMillionUsd: '600.00' };
    cluster = await Cluster.start({
      gateways: 3,
      projectors: 2,
      config: {
        connections: [{ slug: 'only', provider: 'custom', baseUrl: upstream.baseUrl, models: [{ name: 'm', prices }] }],
        budgets: [{ name: 'all', scope: 'project', of: 'default', period: 'total', limitUsd: '100.00' }],
      },
    });
    database = new Client({ connectionString: cluster.postgres.url('postgres') });
    await database.connect();
  });
  afterAll(async () => {
    await database.end();
    await cluster.discard();
    await upstream.close();
  });

  it('answers at every gateway, and books every answer once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, index) => chat(cluster.replicas[index % 3]!.url, { stream: index % 2 === 0 })),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 60 }, () => 200));
    const ids = answers.map(({ headers }) => headers.get('x-request-id') ?? '');
    await Promise.all(answers.map((answer) => answer.text()));
    await waitUntil(async () => (await booked(ids)) === 60);
    expect(cluster.complaints()).toEqual([]);
  });

  it('knows at one gateway what another has answered', async () => {
    const answer = await chat(cluster.replicas[0]!.url);
    await answer.text();
    const path = `/v1/requests/${answer.headers.get('x-request-id')}`;
    const view = await waitUntil(async () => {
      const response = await fetch(cluster.replicas[1]!.url + path, {
        headers: { authorization: `Bearer ${TEST_KEY}` },
      });
      if (response.status !== 200) return false;
      const known = (await response.json()) as { status: string };
      return known.status !== 'open' && known; // its charge may be folded a moment after its route
    });
    expect(view).toMatchObject({ status: 'settled' });
  });

  it('rebuilds what it shows from the topic', async () => {
    const report = JSON.parse(await cluster.overture('rebuild', '--compare-only', '--json')) as { outcome: string };
    expect(report.outcome).toBe('equal');
  });

  it('goes on with one projector less', async () => {
    await cluster.projectors[0]!.end('SIGKILL');
    const answer = await chat(cluster.replicas[2]!.url);
    await answer.text();
    await waitUntil(async () => (await booked([answer.headers.get('x-request-id') ?? ''])) === 1);
    cluster.projectors[0]!.start();
  });

  it('answers while Kafka is away, shows what waits, and ships it in order when it is back', async () => {
    const backlog = async (url: string): Promise<number> => {
      const metrics = await (await fetch(`${url}/metrics`)).text();
      return Number(/^overture_journal_backlog_events(?:\{.*\})? (.*)$/m.exec(metrics)?.[1]);
    };
    const [{ url }] = cluster.replicas as [Replica];
    await cluster.broker.kill('SIGKILL');
    const answers = [];
    for (let asked = 0; asked < 20; asked += 1) answers.push(await chat(url));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    await Promise.all(answers.map((answer) => answer.text()));
    expect(await backlog(url)).toBe(60);

    await cluster.broker.restart();
    await waitUntil(async () => (await backlog(url)) === 0);
    const ids = answers.map(({ headers }) => headers.get('x-request-id') ?? '');
    await waitUntil(async () => (await booked(ids)) === 20);
    const { rows } = await database.query<{ request_id: string }>(
      `select request_id::text from read.cost_ledger where request_id = any($1) order by charged_at, request_id`,
      [ids],
    );
    expect(rows.map(({ request_id }) => request_id)).toEqual(ids);
  });

  it('stops while Kafka is away, keeps what waits, and ships it at the next start', async () => {
    const replica = cluster.replicas[2]!;
    await cluster.broker.kill('SIGKILL');
    const answer = await chat(replica.url);
    await answer.text();
    expect(await replica.process.end('SIGTERM')).toBe(0);

    await cluster.broker.restart();
    replica.process.start();
    await waitUntil(async () => (await booked([answer.headers.get('x-request-id') ?? ''])) === 1);
  });

  it('with DURABILITY=replicated answers only what the brokers have', async () => {
    const replica = await cluster.addReplica('gateway-replicated', { DURABILITY: 'replicated' });
    replica.process.start();
    await cluster.ready(replica);
    expect((await chat(replica.url)).status).toBe(200);
    await cluster.broker.kill('SIGKILL');
    const refused = await chat(replica.url);
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ error: { code: 'journal_unavailable' } });
    const id = refused.headers.get('x-request-id') ?? '';

    await cluster.broker.restart();
    await waitUntil(async () => (await booked([id])) === 1); // paid is paid
    expect(await replica.process.end('SIGTERM')).toBe(0);
  });

  it('refuses a slot whose name belongs to another journal', async () => {
    const { process } = await cluster.addReplica(cluster.replicas[1]!.slot);
    process.start();
    expect(await process.exited()).toBe(1);
    expect(process.printed).toMatch(/slot gateway-1 belongs to another journal.*set OVERTURE_SLOT/);
    await expect(cluster.overture('slot', 'forfeit', 'gateway-1')).rejects.toThrow(/stop it first/);
  });

  it('closes what a gateway left open whose disk is lost, and gives its name to a new one', async () => {
    const replica = await cluster.addReplica('gateway-lost');
    replica.process.start();
    await cluster.ready(replica);
    upstream.behaviour = answerNothing;
    const asked = chat(replica.url).catch(() => null); // nobody will answer it
    const open = (): Promise<string[]> =>
      database
        .query<{ id: string }>(
          `select request_id::text as id from read.request_log r
            where not exists (select from read.cost_ledger c where c.request_id = r.request_id)`,
        )
        .then(({ rows }) => rows.map(({ id }) => id));
    await waitUntil(async () => (await open()).length > 0);
    const ids = await open();
    await replica.process.end('SIGKILL');
    rmSync(replica.dataDir, { recursive: true });
    await asked;
    upstream.behaviour = answerWhole();

    const told = await cluster.overture('slot', 'forfeit', 'gateway-lost');
    expect(told).toMatch(/^Forfeited gateway-lost: 1 open request\(s\) charged at their holds, .* count as used\.$/m);
    await waitUntil(async () => (await booked(ids)) === 1);
    const { rows } = await database.query(
      `select charged->>'reason' as reason, charged->>'amount_nano_usd' = charged->>'held_nano_usd' as at_hold
         from read.cost_ledger where request_id = $1`,
      ids,
    );
    expect(rows).toEqual([{ reason: 'crash_recovery', at_hold: true }]);

    replica.process.start();
    await cluster.ready(replica);
    expect((await chat(replica.url)).status).toBe(200);
    expect(await replica.process.end('SIGTERM')).toBe(0);
  });
});
