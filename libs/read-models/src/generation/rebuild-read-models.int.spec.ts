import type { Socket } from 'node:net';
import { Client, Pool } from 'pg';
import { PARTITION_COUNT } from '#event-log';
import { ReadDatabase, startReadPostgres } from '../__fixtures__/read-database.js';
import { factsOf, type SampleRequest } from '../__fixtures__/sample-facts.js';
import type { TestPostgres } from '../../../../test/engines/postgres.js';
import { CursorFencedError, RebuildRefusedError } from '../read-models.errors.js';
import { READ_MODELS, READ_TABLES } from '../read-model.registry.js';
import { rebuildReadModels, type RebuildOptions, type RebuildReport } from './rebuild-read-models.js';

const CLOCK = { epochMs: () => Date.now(), monotonicMs: () => performance.now() };
const TENANTS = ['acme-prod', 'acme-test', 'tenant-7'];
const request = (number: number): SampleRequest => ({
  number,
  tenant: TENANTS[number % TENANTS.length] ?? '',
  attempts: [
    {
      candidate: 'openai-prod/gpt-4o',
      outcome: 'ok',
      latencyMs: 100.25 + number,
      ttftMs: null,
      tick: 179443210 + number,
    },
  ],
  state: 'settled',
  amount: 2_380_000n,
});
const factsFrom = (first: number, count: number) =>
  Array.from({ length: count }, (_, index) => factsOf(request(first + index))).flat();

/** Pools that lose all their connections at their nth statement, as if the process had been killed there. */
function fragilePools(database: ReadDatabase, nth: number): { migrator: Pool; projector: Pool } {
  const sockets = new Set<Socket>();
  let statements = 0;
  const fragile = (login: 'overture_migrator' | 'overture_projector'): Pool => {
    const pool = new Pool({ connectionString: database.url(login), max: 4 });
    pool.on('error', () => undefined);
    pool.on('connect', (client) => {
      client.on('error', () => undefined);
      sockets.add((client as unknown as { connection: { stream: Socket } }).connection.stream);
      const query = client.query.bind(client) as (...parts: unknown[]) => unknown;
      client.query = ((...parts: unknown[]) => {
        if (++statements === nth) sockets.forEach((socket) => socket.destroy());
        return query(...parts);
      }) as typeof client.query;
    });
    return pool;
  };
  return { migrator: fragile('overture_migrator'), projector: fragile('overture_projector') };
}

describe('rebuilding the read models', () => {
  let postgres: TestPostgres;
  let database: ReadDatabase;

  const rebuild = (more: Partial<RebuildOptions> = {}): Promise<RebuildReport> =>
    rebuildReadModels({
      log: database.log,
      clock: CLOCK,
      migrator: database.migrator,
      projector: database.projector,
      projections: READ_MODELS,
      compareOnly: false,
      acceptDifferences: false,
      restart: false,
      dropOld: false,
      onProgress: () => undefined,
      ...more,
    });
  const generations = (): Promise<object[]> =>
    database.query('overture_migrator', 'select number, state from read.generation order by number');
  const rowsOf = async (relation: string): Promise<number> =>
    (await database.query<{ n: number }>('overture_projector', `select count(*)::int as n from ${relation}`))[0]?.n ??
    -1;

  beforeAll(async () => {
    postgres = await startReadPostgres();
  });
  beforeEach(async () => {
    database = await ReadDatabase.create(postgres);
    database.append(factsFrom(0, 40));
    await database.foldAll();
  });
  afterEach(() => database.close());
  afterAll(() => postgres.stop());

  it('finds every table equal byte for byte, flips to the new ones and keeps the old', async () => {
    const before = await database.dump('read_1');

    const report = await rebuild();

    expect(report).toMatchObject({ live: 1, built: 2, outcome: 'flipped', dropped: [], swapMs: expect.any(Number) });
    expect(report.tables?.map(({ table, equal }) => [table, equal])).toEqual(
      READ_TABLES.map(({ name }) => [name, true]),
    );
    expect(report.tables?.find(({ table }) => table === 'posterior')).toMatchObject({ liveRows: 3, shadowRows: 3 });
    expect(await database.dump('read_2')).toEqual(before);
    expect(await generations()).toEqual([
      { number: 1, state: 'retired' },
      { number: 2, state: 'live' },
    ]);
  });

  it('is equal, too, while facts go on arriving and being folded', async () => {
    let appended = 40;
    const live = await database.takeFold({ eventsMax: 50 });
    const appending = (async () => {
      for (; ; appended += 5) {
        database.append(factsFrom(appended, 5));
        await live.drain();
      }
    })().catch((error: unknown) => error);

    const report = await rebuild();

    expect(await appending).toBeInstanceOf(CursorFencedError); // the flip ends the old generation's fold
    expect(report.outcome).toBe('flipped');
    await database.foldAll({ schema: 'read_2' });
    expect(await rowsOf('read_2.request_log')).toBe(appended + 5);
    expect(await rowsOf('read_2.audit_log')).toBe(3 * (appended + 5));
  });

  it('names the table and the rows that differ, and leaves the live ones in place', async () => {
    await database.query(
      'postgres',
      `update read_1.budget_balance set charged_nano_usd = charged_nano_usd + 1 where budget_id = 'tenant-7'`,
    );
    await database.query('postgres', `delete from read_1.posterior where tenant_id = 'acme-prod'`);

    const report = await rebuild();

    expect(report.outcome).toBe('different');
    expect(report.tables?.filter(({ equal }) => !equal)).toMatchObject([
      { table: 'budget_balance', liveRows: 6, shadowRows: 6, differingKeys: ['["tenant-7", "tenant-7", "total"]'] },
      {
        table: 'posterior',
        liveRows: 2,
        shadowRows: 3,
        differingKeys: ['["acme-prod/gpt-4o/general/whole/xs/no-tools", "openai-prod/gpt-4o"]'],
      },
    ]);
    expect(await generations()).toContainEqual({ number: 1, state: 'live' });

    expect((await rebuild({ acceptDifferences: true, dropOld: true })).dropped).toEqual([1]);
    expect(await generations()).toEqual([{ number: 2, state: 'live' }]);
  });

  it('compares only, when asked, and leaves no trace', async () => {
    expect((await rebuild({ compareOnly: true })).outcome).toBe('equal');
    expect(await generations()).toEqual([{ number: 1, state: 'live' }]);
  });

  it('reads the whole log for a comparison, whatever was folded before, and leaves no trace of it', async () => {
    const [[partition, head] = [0, 0n]] = await database.log.heads();
    const stopsAt = (offset: bigint): unknown =>
      expect.objectContaining({ message: expect.stringContaining(`cannot be folded beyond offset ${offset}`) });
    database.log.damage(partition, head - 2n);
    await expect(rebuild()).rejects.toEqual(stopsAt(head - 2n));
    expect(await generations()).toContainEqual({ number: 2, state: 'building' });

    for (const damaged of [head - 1n, head - 3n, 1n]) {
      database.log.damage(partition, damaged);
      await expect(rebuild({ compareOnly: true })).rejects.toEqual(stopsAt(damaged));
      expect(await generations()).toEqual([{ number: 1, state: 'live' }]);
    }
  });

  it.each(Array.from({ length: 20 }, (_, point) => 1 + point * 7))(
    'goes on to the same bytes after it lost its connections at statement %i',
    async (statement) => {
      const pools = fragilePools(database, statement);
      const killed = await rebuild(pools).catch((error: unknown) => error);
      expect(killed).toBeInstanceOf(Error);
      await Promise.all([pools.migrator.end(), pools.projector.end()]);
      expect((await generations())[0]).toEqual({ number: 1, state: 'live' });

      expect(await rebuild()).toMatchObject({ outcome: 'flipped' });
      expect(await database.dump('read_2')).toEqual(await database.dump('read_1'));
    },
  );

  it('starts anew what was begun for other projections, and does not compare with them', async () => {
    await expect(
      rebuild({
        onProgress: () => {
          throw new Error('killed');
        },
      }),
    ).rejects.toThrow('killed');
    const next = READ_MODELS.map((projection) => ({ ...projection, version: projection.version + 1 }));

    expect(await rebuild({ projections: next })).toMatchObject({ outcome: 'flipped', tables: null });
  });

  it('waits for a projector that moves cursors, one after the other', async () => {
    const projector = new Client({ connectionString: database.url('overture_projector') });
    await projector.connect();
    const [first, ...others] = [...(await database.log.heads()).keys()].sort((one, other) => one - other);
    const move = (partition: number | undefined): Promise<unknown> =>
      projector.query('update read_1.projection_cursor set halted = null where partition = $1', [partition]);
    await projector.query('begin');
    await move(others.at(-1));
    const rebuilt = rebuild();
    const waits = `select from pg_stat_activity where datname = current_database() and usename = 'overture_migrator'
                      and wait_event_type = 'Lock'`;
    for (let waiting = 0; waiting === 0;) waiting = (await database.query('postgres', waits)).length;

    await move(first);
    await projector.query('commit');
    await projector.end();

    expect(await rebuilt).toMatchObject({ outcome: 'flipped' });
  });

  it('lets a reader of several tables finish first, and shows it one generation only', async () => {
    const reader = new Client({ connectionString: database.url('postgres') });
    await reader.connect();
    await reader.query('begin; select from read.cost_ledger');
    // The flip waits for that one and has replaced the other: a reader that waited for it in turn would never get it.
    const flipWaits = `select from pg_locks where relation = 'read.cost_ledger'::regclass and not granted`;
    const rebuilt = rebuild();
    for (let waits = 0; waits === 0;) waits = (await database.query('postgres', flipWaits)).length;

    await reader.query('select from read.request_log');
    const { rows } = await reader.query<{ schema: string }>(
      `select distinct relnamespace::regnamespace::text as schema from pg_locks join pg_class on pg_class.oid = relation
        where pid = pg_backend_pid() and relkind = 'r' and relnamespace::regnamespace::text like 'read%'`,
    );
    await reader.query('commit');
    await reader.end();

    expect(rows).toEqual([{ schema: 'read_1' }]);
    expect(await rebuilt).toMatchObject({ outcome: 'flipped' });
  });

  it.each([
    ['the partitions that it had', () => database.log.heads().then((heads) => [...heads.keys()])],
    ['one that nobody has taken before', () => Promise.resolve([PARTITION_COUNT - 1])],
  ])('fences off a projector that comes for %s while the flip is under way', async (_, partitions) => {
    const reader = new Client({ connectionString: database.url('postgres') });
    await reader.connect();
    await reader.query('begin; select from read.cost_ledger');
    const waits = async (login: string): Promise<void> => {
      const waiting = `select from pg_stat_activity where datname = current_database() and usename = '${login}'
                          and wait_event_type = 'Lock'`;
      while ((await database.query('postgres', waiting)).length === 0);
    };
    const late = await database.takeFold();
    const rebuilt = rebuild();
    await waits('overture_migrator'); // for the reader, with everything else done

    const taken = late.take(await partitions()).catch((error: unknown) => error);
    await waits('overture_projector');
    await reader.query('commit');
    await reader.end();

    expect(await rebuilt).toMatchObject({ outcome: 'flipped' });
    expect(await taken).toBeInstanceOf(CursorFencedError);
  });

  it('refuses to run twice at once', async () => {
    let refused: Promise<unknown> | undefined;
    const heads = database.log.heads.bind(database.log);
    database.log.heads = async () => {
      await (refused ??= rebuild().catch((error: unknown) => error));
      return heads();
    };

    expect(await rebuild()).toMatchObject({ outcome: 'flipped' });
    expect(await refused).toBeInstanceOf(RebuildRefusedError);
  });

  it('refuses a log that ends before the live tables do', async () => {
    await database.query('postgres', 'update read_1.projection_cursor set next_offset = next_offset + 1');

    await expect(rebuild()).rejects.toThrow('The log ends before the live tables do');
  });
});
