import { setTimeout as pause } from 'node:timers/promises';
import { Client, Pool } from 'pg';
import { pino } from 'pino';
import { SYSTEM_TENANT } from '#contracts';
import { MemoryEventLog, encodeFact, eventId } from '#event-log';
import { CONTROL_MIGRATIONS } from '#persistence';
import {
  CursorFencedError,
  READ_MODELS,
  READ_MODEL_MIGRATIONS,
  ReadModelsOutdatedError,
  rebuildReadModels,
  type RebuildReport,
} from '#read-models';
import { SystemClock } from '#telemetry';
import { startTestPostgres, type TestLogin, type TestPostgres } from '../../../test/engines/postgres.js';
import { Projector } from './projector.js';

const clock = new SystemClock();
const breakerOpened = (number: number) =>
  encodeFact({
    id: eventId(`019a1b2c-3d4e-7f50-8a1b-${String(number).padStart(12, '0')}`, 'BreakerOpened'),
    type: 'BreakerOpened',
    version: 1,
    tenant: SYSTEM_TENANT,
    source: '/gateway/slot-0',
    time: new Date(1_763_700_000_000 + number).toISOString(),
    data: {
      candidate: `sim/model-${number}`,
      connection: 'sim',
      model: `model-${number}`,
      consecutive_failures: 5,
      last_outcome: 'server_error',
      retry_after_ms: 30_000,
    },
  });

describe('projector', () => {
  let postgres: TestPostgres;
  let url: (login: TestLogin) => string;
  let log: MemoryEventLog;
  let observer: Client;
  const pools: Pool[] = [];
  const runs: { stop: AbortController; ended: Promise<unknown> }[] = [];

  const poolAs = (login: TestLogin): Pool => {
    const pool = new Pool({ connectionString: url(login), max: 3 });
    pool.on('error', () => undefined);
    pools.push(pool);
    return pool;
  };
  const startProjector = () => {
    const logger = pino({ level: 'silent' });
    const projector = new Projector({ log, pool: poolAs('overture_projector'), clock, logger, batchEventsMax: 10 });
    const stop = new AbortController();
    const ended = projector.run(stop.signal).catch((error: unknown) => error);
    const run = { stop, ended };
    runs.push(run);
    return run;
  };
  const append = (from: number, count: number): Promise<unknown> =>
    log.append(Array.from({ length: count }, (_, index) => breakerOpened(from + index)));
  const folded = async (schema = 'read'): Promise<number> =>
    (await observer.query<{ n: number }>(`select count(*)::int as n from ${schema}.breaker_state`)).rows[0]?.n ?? 0;
  const untilFolded = async (count: number): Promise<void> => {
    while ((await folded()) < count) await pause(5);
  };
  const rebuild = (): Promise<RebuildReport> =>
    rebuildReadModels({
      log,
      clock,
      migrator: poolAs('overture_migrator'),
      projector: poolAs('overture_projector'),
      projections: READ_MODELS,
      compareOnly: false,
      acceptDifferences: false,
      restart: false,
      dropOld: false,
      onProgress: () => undefined,
    });
  const untilWaiting = async (query: string): Promise<void> => {
    const waiting = `select from pg_stat_activity
                      where datname = current_database() and wait_event_type = 'Lock' and query like $1`;
    while ((await observer.query(waiting, [query])).rows.length === 0) await pause(5);
  };

  beforeAll(async () => {
    postgres = await startTestPostgres([...CONTROL_MIGRATIONS, ...READ_MODEL_MIGRATIONS]);
  });
  beforeEach(async () => {
    url = await postgres.createDatabase();
    log = new MemoryEventLog(clock);
    observer = new Client({ connectionString: url('postgres') });
    await observer.connect();
  });
  afterEach(async () => {
    for (const { stop } of runs) stop.abort();
    await Promise.all(runs.splice(0).map(({ ended }) => ended));
    await Promise.all([log.close(), observer.end(), ...pools.splice(0).map((pool) => pool.end())]);
  });
  afterAll(() => postgres.stop());

  it('folds what was there and what is appended while it runs, and ends when told to', async () => {
    await append(0, 25);
    const run = startProjector();
    await untilFolded(25);
    await append(25, 3);
    await untilFolded(28);

    run.stop.abort();

    expect(await run.ended).toBeUndefined();
  });

  it('waits out a lost connection', async () => {
    startProjector();
    await append(0, 1);
    await untilFolded(1);
    await observer.query(`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'overture_projector'`);

    await append(1, 1);

    await untilFolded(2);
  });

  it('goes over to the generation that a rebuild has flipped to', async () => {
    await append(0, 40);
    const run = startProjector();
    await untilFolded(40);
    const report = await rebuild();
    expect(report).toMatchObject({ built: 2, outcome: 'flipped' });

    await append(40, 5);
    await untilFolded(45);

    expect(await folded('read_2')).toBe(45);
    expect(await folded('read_1')).toBe(40);
    run.stop.abort();
    expect(await run.ended).toBeUndefined();
  });

  it('goes over to it also when it takes its partitions while the flip is under way', async () => {
    await append(0, 40);
    const first = startProjector();
    await untilFolded(40);
    first.stop.abort();
    await first.ended;
    const reader = new Client({ connectionString: url('postgres') });
    await reader.connect();
    await reader.query('begin; select from read.cost_ledger');
    const rebuilt = rebuild();
    await untilWaiting('drop view%');
    startProjector();
    await untilWaiting('insert into%projection_cursor%');
    await reader.query('commit');
    await reader.end();
    expect(await rebuilt).toMatchObject({ built: 2, outcome: 'flipped' });

    await append(40, 5);
    await untilFolded(45);

    expect(await folded('read_2')).toBe(45);
    expect(await folded('read_1')).toBe(40);
  });

  it('gives up when another projector takes over', async () => {
    const first = startProjector();
    await append(0, 1);
    await untilFolded(1);
    startProjector();
    await append(1, 1);
    await untilFolded(2);

    for (let number = 2; ; number += 1) {
      await append(number, 1);
      const ended = await Promise.race([first.ended, pause(10, 'running')]);
      if (ended === 'running') continue;
      expect(ended).toBeInstanceOf(CursorFencedError);
      break;
    }
  });

  it('refuses tables that were made by another release', async () => {
    await observer.query(`update read.generation set fingerprint = 'older'`);

    expect(await startProjector().ended).toBeInstanceOf(ReadModelsOutdatedError);
  });
});
