import { Client } from 'pg';
import { Client as Caller } from 'undici';
import { KafkaLogReader, type LogEvent } from '#event-log';
import { SystemClock } from '#telemetry';
import { AppProcess } from '../../engines/app-process.js';
import { Cluster, type Replica } from '../../engines/cluster.js';
import { describeWithKafka } from '../../engines/kafka-broker.js';
import { isGone, statusOf, workersOf } from '../../engines/process/worker-processes.js';
import { ScriptedUpstream, answerNothing, answerWhole, type Behaviour } from '../../engines/scripted-upstream.js';
import { TEST_KEY } from '../../engines/standalone.js';
import { waitUntil } from '../../engines/wait-until.js';

const WORKERS = 3;

/** What a caller got; null where the connection broke first. */
interface Answer {
  readonly status: number;
  readonly requestId: string;
}

/** The same over a connection that its caller keeps. */
interface KeptAnswer {
  readonly status: number;
  /** Whether it came with word that the connection ends here. */
  readonly closes: boolean;
  /** Of a stream, every event. */
  readonly text: string;
}

interface Charge {
  readonly source: string;
  readonly state: string;
  readonly reason: string;
  readonly amount: bigint;
  readonly held: bigint;
}

/** Everything that the topic holds now. */
async function* eventsOf(reader: KafkaLogReader): AsyncGenerator<LogEvent, void, undefined> {
  for (const [partition, head] of await reader.heads()) {
    for (let from = 0n; from < head;) {
      const { events, next } = await reader.read(partition, from);
      yield* events;
      from = next;
    }
  }
}

describeWithKafka('a gateway with workers', () => {
  let upstream: ScriptedUpstream;
  let cluster: Cluster;
  let database: Client;
  let gateway: Replica;

  /** On a connection of its own: they are what is divided among the workers. */
  const chat = async (more: object = {}): Promise<Answer | null> => {
    try {
      const answer = await fetch(`${gateway.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${TEST_KEY}`, 'content-type': 'application/json', connection: 'close' },
        body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hello' }], max_tokens: 16, ...more }),
      });
      const requestId = answer.headers.get('x-request-id') ?? '';
      await answer.text();
      return { status: answer.status, requestId };
    } catch {
      return null;
    }
  };
  /** On the connection that this caller has kept, if any. Rejects where it breaks. */
  const askOn = async (caller: Caller, more: object = {}): Promise<KeptAnswer> => {
    const { statusCode, headers, body } = await caller.request({
      path: '/v1/chat/completions',
      method: 'POST',
      headers: { authorization: `Bearer ${TEST_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hello' }], max_tokens: 16, ...more }),
    });
    return { status: statusCode, closes: headers['connection'] === 'close', text: await body.text() };
  };
  /** Callers who have a connection each, which they keep. */
  const keepers = async (count: number): Promise<Caller[]> => {
    const callers = Array.from({ length: count }, () => new Caller(gateway.url));
    const answers = await Promise.all(callers.map((caller) => askOn(caller)));
    expect(answers.every(({ status, closes }) => status === 200 && !closes)).toBe(true);
    return callers;
  };
  const hangUp = (callers: readonly Caller[]): Promise<void[]> => Promise.all(callers.map((caller) => caller.close()));
  const chats = (count: number, more: object = {}): Promise<(Answer | null)[]> =>
    Promise.all(Array.from({ length: count }, () => chat(more)));
  const idsOf = (answers: readonly (Answer | null)[]): string[] =>
    answers.filter((answer) => answer?.status === 200).map((answer) => answer?.requestId ?? '');

  const metric = async (name: string): Promise<number> => {
    const response = await fetch(`${gateway.url}/metrics`, { headers: { connection: 'close' } }).catch(() => null);
    const text = (await response?.text()) ?? '';
    const values = [...text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (.*)$`, 'gm'))].map(([, value]) =>
      Number(value),
    );
    return values.length === 0 ? Number.NaN : values.reduce((sum, value) => sum + value, 0);
  };
  /** Rows of the ledger for these requests. */
  const booked = async (ids: readonly string[]): Promise<number> => {
    const { rows } = await database.query<{ n: string }>(
      'select count(*) as n from read.cost_ledger where request_id = any($1)',
      [ids],
    );
    return Number(rows[0]?.n);
  };
  /** Charges in the topic, by request; one that differs from another of its request fails the test. */
  const charges = async (): Promise<ReadonlyMap<string, Charge>> => {
    const brokers = [cluster.broker.directBootstrap];
    const reader = new KafkaLogReader({ brokers, clientId: 'spec', onTrouble: () => undefined }, new SystemClock());
    const found = new Map<string, Charge>();
    const seen = new Set<string>();
    for await (const { eventId, type, headers, value } of eventsOf(reader)) {
      if (type !== 'BudgetCharged' || seen.has(eventId)) continue;
      seen.add(eventId);
      const data = JSON.parse(value) as Record<string, string>;
      expect(found.has(data['request_id'] ?? '')).toBe(false);
      found.set(data['request_id'] ?? '', {
        source: headers['ce_source'] ?? '',
        state: data['state'] ?? '',
        reason: data['reason'] ?? '',
        amount: BigInt(data['amount_nano_usd'] ?? 0),
        held: BigInt(data['held_nano_usd'] ?? 0),
      });
    }
    await reader.close();
    return found;
  };
  /** Whether the authority has granted exactly what was charged, once idle money is back. */
  const isWhole = async (): Promise<boolean> => {
    const charged = [...(await charges()).values()].reduce((sum, { amount }) => sum + amount, 0n);
    const { rows } = await database.query<{ committed: string; used: string }>(
      'select committed_nano_usd::text as committed, used_nano_usd::text as used from control.budget_period',
    );
    return rows.length === 1 && BigInt(rows[0]!.committed) === charged && BigInt(rows[0]!.used) === charged;
  };
  const start = async (replica: Replica): Promise<void> => {
    gateway = replica;
    replica.process.start();
    await waitUntil(() => {
      if (!replica.process.isRunning) throw new Error(`it ended:\n${replica.process.printed}`);
      return replica.process.stdout.includes('Ready on');
    });
  };
  /** Answers nobody until it is told to. */
  const gate = (): { behaviour: Behaviour; open: () => void } => {
    const told = Promise.withResolvers<void>();
    const answer = answerWhole();
    const behaviour: Behaviour = async (call, response) => {
      await told.promise;
      await answer(call, response);
    };
    return { behaviour, open: () => told.resolve() };
  };

  beforeAll(async () => {
    upstream = await ScriptedUpstream.start(answerWhole());
    const prices = { inputPerMillionUsd: '150.00', outputPerMillionUsd: '600.00' };
    cluster = await Cluster.start({
      gateways: 0,
      projectors: 1,
      config: {
        connections: [{ slug: 'only', provider: 'custom', baseUrl: upstream.baseUrl, models: [{ name: 'm', prices }] }],
        budgets: [{ name: 'all', scope: 'project', of: 'default', period: 'total', limitUsd: '100.00' }],
      },
    });
    database = new Client({ connectionString: cluster.postgres.url('postgres') });
    await database.connect();
    await start(await cluster.addReplica('gateway', { WORKERS: String(WORKERS) }));
  });
  beforeEach(() => (upstream.behaviour = answerWhole()));
  afterAll(async () => {
    await gateway.process.end('SIGTERM');
    await database.end();
    await cluster.discard();
    await upstream.close();
  });

  it('says once that it is ready, and with how many workers', () => {
    expect(gateway.process.stdout).toBe(`Ready on ${gateway.url} with ${WORKERS} workers\n`);
  });

  it('answers through one port, ships every journal, and books every answer once', async () => {
    const answers = await chats(60);
    expect(answers.map((answer) => answer?.status)).toEqual(Array.from({ length: 60 }, () => 200));
    await waitUntil(async () => (await booked(idsOf(answers))) === 60);
    const sources = new Set([...(await charges()).values()].map(({ source }) => source));
    expect([...sources].sort()).toEqual(['/gateway/gateway', '/gateway/gateway_2', '/gateway/gateway_3']);
  });

  it('shows the sums over all workers', async () => {
    expect(await metric('overture_requests_total')).toBe(60);
    expect(await metric('overture_workers')).toBe(WORKERS);
    expect(await metric('overture_redis_degraded_total')).toBe(Number.NaN);
    expect(await metric('overture_orphan_slots')).toBe(0);
    await waitUntil(async () => (await metric('overture_journal_backlog_events')) === 0);
    expect(await metric('overture_journal_events')).toBe(180);
  });

  it('loses nothing when a worker is killed under load, and starts it again with its journal', async () => {
    const before = workersOf(gateway.process);
    const answers: (Answer | null)[] = [];
    let goOn = true;
    const callers = Array.from({ length: 12 }, async () => {
      while (goOn) answers.push(await chat());
    });
    await waitUntil(() => answers.length > 50);
    process.kill(before.get(2)!, 'SIGKILL');
    await waitUntil(async () => (await metric('overture_worker_restarts_total')) === 1);
    await waitUntil(async () => (await metric('overture_workers')) === WORKERS);
    const back = answers.length;
    await waitUntil(() => answers.length > back + 50);
    goOn = false;
    await Promise.all(callers);

    const after = workersOf(gateway.process);
    expect([...after.keys()].sort((a, b) => a - b)).toEqual([1, 2, 3]);
    expect(after.get(1)).toBe(before.get(1));
    expect(after.get(2)).not.toBe(before.get(2));
    const refused = answers.filter((answer) => answer !== null && answer.status !== 200);
    expect(refused).toEqual([]);
    const ids = idsOf(answers);
    await waitUntil(async () => (await booked(ids)) === ids.length);
    await waitUntil(isWhole);
    expect(await metric('overture_requests_total')).toBeGreaterThanOrEqual(60);
  });

  it('lets no caller wait for a worker that was killed before it took the connection', async () => {
    const worker = workersOf(gateway.process).get(3)!;
    const restarts = await metric('overture_worker_restarts_total');
    process.kill(worker, 'SIGSTOP'); // what is handed to it now, it does not take
    await waitUntil(() => statusOf(worker) === 'T');
    const called = upstream.calls.length;
    const answers = chats(20);
    await waitUntil(() => upstream.calls.length === called + 19);
    process.kill(worker, 'SIGKILL');
    expect(idsOf(await answers)).toHaveLength(20);
    await waitUntil(async () => (await metric('overture_worker_restarts_total')) === restarts + 1);
    await waitUntil(async () => (await metric('overture_workers')) === WORKERS);
  });

  /** Tells one worker to end while each has streams under way; they end when `open` is called. */
  const tellToEnd = async (worker: number) => {
    const { behaviour, open } = gate();
    upstream.behaviour = (call, response) =>
      call.body.stream === true ? behaviour(call, response) : answerWhole()(call, response);
    const callers = await keepers(12);
    const called = upstream.calls.length;
    const streams = Promise.all(callers.map((caller) => askOn(caller, { stream: true })));
    await waitUntil(() => upstream.calls.length === called + 12);
    process.kill(worker, 'SIGTERM');
    await waitUntil(async () => (await metric('overture_workers')) === WORKERS - 1);
    return { callers, streams, open };
  };
  const isReplaced = async (worker: number): Promise<void> => {
    await waitUntil(() => isGone(worker));
    await waitUntil(async () => (await metric('overture_workers')) === WORKERS);
    await waitUntil(isWhole);
  };
  const isWholeStream = ({ status, text }: KeptAnswer): boolean => status === 200 && text.endsWith('data: [DONE]\n\n');

  it('lets a worker go that is told to end alone, and no caller notices', async () => {
    const worker = workersOf(gateway.process).get(2)!;
    const idle = await keepers(12);
    const { callers, streams, open } = await tellToEnd(worker);
    expect(idsOf(await chats(30))).toHaveLength(30);
    const next = await Promise.all(idle.map((caller) => askOn(caller)));
    expect(next.every(({ status }) => status === 200)).toBe(true);
    expect(next.some(({ closes }) => closes) && next.some(({ closes }) => !closes)).toBe(true);
    expect(isGone(worker)).toBe(false);

    open();
    const ends = await streams;
    expect(ends.every(isWholeStream)).toBe(true);
    expect(ends.some(({ closes }) => closes) && ends.some(({ closes }) => !closes)).toBe(true);
    await isReplaced(worker);
    expect(workersOf(gateway.process).get(2)).not.toBe(worker);
    const again = await Promise.all(idle.map((caller) => askOn(caller)));
    expect(again.every(({ status, closes }) => status === 200 && !closes)).toBe(true);
    await hangUp([...idle, ...callers]);
  });

  it('stops a worker that is told to end twice: it answers what it has begun, and refuses the rest', async () => {
    const worker = workersOf(gateway.process).get(2)!;
    const idle = await keepers(24);
    const { callers, streams, open } = await tellToEnd(worker);
    process.kill(worker, 'SIGTERM');
    const statuses: number[] = [];
    for (const caller of idle) statuses.push((await askOn(caller)).status);
    expect(new Set(statuses)).toEqual(new Set([200, 503]));
    open();
    expect((await streams).every(isWholeStream)).toBe(true);
    await isReplaced(worker);
    await hangUp([...idle, ...callers]);
  });

  it('keeps one worker at the door when all of them are told to end', async () => {
    const restarts = await metric('overture_worker_restarts_total');
    const before = [...workersOf(gateway.process).values()];
    const answers: (Answer | KeptAnswer | null)[] = [];
    const callers = Array.from({ length: 6 }, () => new Caller(gateway.url));
    let goOn = true;
    const asking = callers.map(async (caller, index) => {
      while (goOn) answers.push(await (index % 2 === 0 ? chat() : askOn(caller).catch(() => null)));
    });
    await waitUntil(() => answers.length > 20);
    for (const pid of before) process.kill(pid, 'SIGTERM');
    await waitUntil(() => before.every(isGone));
    await waitUntil(async () => (await metric('overture_worker_restarts_total')) === restarts + WORKERS);
    await waitUntil(async () => (await metric('overture_workers')) === WORKERS);
    goOn = false;
    await Promise.all(asking);
    await hangUp(callers);
    expect(answers.filter((answer) => answer?.status !== 200)).toEqual([]);
    await waitUntil(isWhole);
  });

  it('ends with its primary, after it has answered what it had begun', async () => {
    const pids = [...workersOf(gateway.process).values()];
    const { behaviour, open } = gate();
    upstream.behaviour = behaviour;
    const called = upstream.calls.length;
    const answers = chats(9);
    await waitUntil(() => upstream.calls.length === called + 9);

    await gateway.process.end('SIGKILL');
    expect(await chat()).toBeNull(); // nobody listens any more
    open();
    const ids = idsOf(await answers);
    expect(ids).toHaveLength(9);
    await waitUntil(() => pids.every(isGone));
    await waitUntil(async () => (await booked(ids)) === 9);
    expect(await isWhole()).toBe(true);
  });

  it('adopts the slots of workers that a start lacks, and does not wait for that to serve', async () => {
    await start(cluster.changed(gateway, {}));
    const workers = workersOf(gateway.process);
    upstream.behaviour = answerNothing;
    const called = upstream.calls.length;
    const cut = chats(12);
    await waitUntil(() => upstream.calls.length === called + 12);
    for (const pid of [gateway.process.pid, ...workers.values()]) process.kill(pid, 'SIGKILL');
    await cut;
    await waitUntil(() => [...workers.values()].every(isGone));
    await cluster.broker.kill('SIGKILL');

    upstream.behaviour = answerWhole();
    await start(cluster.changed(gateway, { WORKERS: '1' }));
    expect((await chat())?.status).toBe(200);
    expect(await metric('overture_orphan_slots')).toBe(2);
    await cluster.broker.restart();
    await waitUntil(async () => (await metric('overture_orphan_slots')) === 0);

    await waitUntil(isWhole);
    const lost = [...(await charges()).values()].filter(({ reason }) => reason === 'crash_recovery');
    expect(lost.length).toBeGreaterThanOrEqual(12);
    expect(lost.every(({ state, amount, held }) => state === 'estimated' && amount === held && held > 0n)).toBe(true);
    const of = (slot: string): number => lost.filter(({ source }) => source === `/gateway/${slot}`).length;
    expect([of('gateway'), of('gateway_2'), of('gateway_3')].every((count) => count > 0)).toBe(true);
  });

  it('uses rested journals again when there are more workers, and has nothing to adopt then', async () => {
    expect(await gateway.process.end('SIGTERM')).toBe(0);
    await start(cluster.changed(gateway, { WORKERS: String(WORKERS) }));
    expect(await metric('overture_orphan_slots')).toBe(0);
    const answers = await chats(30);
    expect(idsOf(answers)).toHaveLength(30);
    await waitUntil(async () => (await booked(idsOf(answers))) === 30);
  });

  it.each(['SIGTERM to the primary', 'Ctrl-C to the whole group'])('cuts no request on %s', async (how) => {
    const { behaviour, open } = gate();
    upstream.behaviour = behaviour;
    const called = upstream.calls.length;
    const answers = chats(15);
    await waitUntil(() => upstream.calls.length === called + 15);
    upstream.behaviour = answerWhole(); // whoever comes before the stop has begun waits for nobody
    const workers = [...workersOf(gateway.process).values()];
    const ended = gateway.process.end(how.startsWith('SIGTERM') ? 'SIGTERM' : 'SIGINT');
    if (!how.startsWith('SIGTERM')) for (const pid of workers) process.kill(pid, 'SIGINT');
    await waitUntil(async () => (await chat())?.status !== 200);
    open();

    expect(idsOf(await answers)).toHaveLength(15);
    expect(await ended).toBe(0);
    expect(workers.every(isGone)).toBe(true);
    expect(gateway.process.printed).not.toMatch(/"level":"(error|fatal)"/);
    await waitUntil(async () => (await booked(idsOf(await answers))) === 15);
    await waitUntil(isWhole);
    await start(cluster.changed(gateway, {}));
  });

  it('tells once what stops the start of its workers, and ends', async () => {
    const url = 'postgres://overture_gateway:secret@127.0.0.1:1/overture';
    const other = cluster.changed(await cluster.addReplica('other', { WORKERS: '3' }), { OVERTURE_DATABASE_URL: url });
    other.process.start();
    expect(await other.process.exited()).toBe(1);
    expect(other.process.printed).toMatch(
      /^PostgreSQL cannot be used at 127\.0\.0\.1:1\/overture as overture_gateway \(.*ECONNREFUSED.*\): .*_URL\.\n$/,
    );
  });

  it('is refused a journal that another gateway has', async () => {
    const second = new AppProcess('second', 'gateway', { ...gateway.environment, PORT: '0', WORKERS: '2' });
    second.start();
    expect(await second.exited()).toBe(1);
    expect(second.printed).toMatch(/is in use by process \d+/);
    expect(second.printed.match(/is in use/g)).toHaveLength(1);
    expect((await chat())?.status).toBe(200);
  });
});
