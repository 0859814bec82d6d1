import fc from 'fast-check';
import { SYSTEM_TENANT } from '#contracts';
import { CorruptLogError, OffsetOutOfRangeError, encodeFact, partitionOf, type LogRecord } from '#event-log';
import { arbitraryFacts } from '../__fixtures__/arbitrary-facts.js';
import { ReadDatabase, startReadPostgres } from '../__fixtures__/read-database.js';
import { RepeatingEventLog } from '../__fixtures__/repeating.event-log.js';
import {
  breakerFact,
  chargedFact,
  factsOf,
  requestIdOf,
  routedFact,
  type SampleRequest,
} from '../__fixtures__/sample-facts.js';
import type { TestPostgres } from '../../../../test/engines/postgres.js';
import { defineProjection } from './define-projection.js';
import { CursorFencedError } from '../read-models.errors.js';

const request = (number: number, more: Partial<SampleRequest> = {}): SampleRequest => ({
  number,
  tenant: 'acme-prod',
  attempts: [{ candidate: 'openai-prod/gpt-4o', outcome: 'ok', latencyMs: 123.4, ttftMs: null, tick: 179443210 }],
  state: 'settled',
  amount: 2_380_000n,
  ...more,
});
const breaker = (number: number): LogRecord => encodeFact(breakerFact(number, 'Opened', 'sim/gpt-4o'));
const requests = (count: number): SampleRequest[] => Array.from({ length: count }, (_, number) => request(number));

/** Waits until the projector waits for a lock, and cuts its connection. */
async function hangUpWaiting(database: ReadDatabase): Promise<void> {
  for (let ended = 0; ended === 0;) {
    const backends = await database.query(
      'postgres',
      `select pg_terminate_backend(pid) from pg_stat_activity
        where usename = 'overture_projector' and datname = current_database() and wait_event_type = 'Lock'`,
    );
    ended = backends.length;
  }
}

describe('folding the log into PostgreSQL', () => {
  let postgres: TestPostgres;
  const open: ReadDatabase[] = [];

  const createDatabase = async (): Promise<ReadDatabase> => {
    const database = await ReadDatabase.create(postgres);
    open.push(database);
    return database;
  };
  const count = async (database: ReadDatabase, table: string): Promise<number> =>
    (await database.query<{ n: number }>('overture_projector', `select count(*)::int as n from read_1.${table}`))[0]
      ?.n ?? -1;

  beforeAll(async () => {
    postgres = await startReadPostgres();
  });
  afterEach(() => Promise.all(open.splice(0).map((database) => database.close())));
  afterAll(() => postgres.stop());

  it('writes the same bytes however the log is cut into batches, and again after truncate and replay', async () => {
    const [whole, cut] = [await createDatabase(), await createDatabase()];
    await fc.assert(
      fc.asyncProperty(arbitraryFacts, fc.integer({ min: 1, max: 7 }), async (facts, eventsMax) => {
        await Promise.all([whole, cut].map((database) => database.reset()));
        whole.append(facts);
        cut.append(facts);
        await Promise.all([whole.foldAll(), cut.foldAll({ eventsMax })]);
        const rows = await whole.dump();
        expect(rows.length).toBeGreaterThanOrEqual(facts.length);
        expect(await cut.dump()).toEqual(rows);
      }),
      { numRuns: 25 },
    );
  });

  it('gives a repeated event one effect, in its batch, in a later one and after a restart', async () => {
    const [once, often] = [await createDatabase(), await createDatabase()];
    const facts = requests(3).flatMap(factsOf);
    once.append(facts);
    await once.foldAll();

    often.append([...facts, ...facts.slice(2)]);
    await often.foldAll({ eventsMax: 4 });
    often.append(facts);
    await often.foldAll();

    expect(await often.dump()).toEqual(await once.dump());
  });

  it('fences a projector off whose partitions another one has taken', async () => {
    const database = await createDatabase();
    database.append(requests(2).flatMap(factsOf));
    const zombie = await database.takeFold({ eventsMax: 2 });
    await zombie.drain({ signal: AbortSignal.abort() });
    const successor = await database.takeFold();

    await expect(zombie.drain()).rejects.toThrow(CursorFencedError);
    expect(await count(database, 'audit_log')).toBe(2);
    await successor.drain();
    expect(await count(database, 'audit_log')).toBe(6);
  });

  it('goes on where the tables are after a stop between batches, with the same projector or another', async () => {
    const [steady, stopped] = [await createDatabase(), await createDatabase()];
    const facts = requests(8).flatMap(factsOf);
    steady.append(facts);
    stopped.append(facts);
    await steady.foldAll();

    const fold = await stopped.takeFold({ eventsMax: 5 });
    await fold.drain({ signal: AbortSignal.abort() });
    await fold.drain({ signal: AbortSignal.abort() });
    expect(await count(stopped, 'audit_log')).toBe(10);
    await stopped.foldAll({ eventsMax: 5 });

    expect(await stopped.dump()).toEqual(await steady.dump());
  });

  it('leaves nothing of a batch in which the connection is lost', async () => {
    const database = await createDatabase();
    database.append(requests(8).flatMap(factsOf));
    const fold = await database.takeFold();
    const blocker = await database.migrator.connect();
    await blocker.query('begin; lock table read_1.cost_ledger in exclusive mode');
    const draining = fold.drain().catch((error: unknown) => error);
    await hangUpWaiting(database);
    expect(await draining).toMatchObject({ message: expect.stringMatching(/terminat/) as string });
    await blocker.query('rollback');
    blocker.release();
    expect(await database.dump()).toEqual([]);

    await fold.take([...(await database.log.heads()).keys()]);
    await fold.drain();
    expect(await count(database, 'audit_log')).toBe(24);
  });

  it.each<[string, Partial<LogRecord>]>([
    ['an unknown kind', { type: 'RequestDreamt' }],
    ['a later version', { version: 2 }],
    ['a broken payload', { value: '{"candidate":"sim/gpt-4o"}' }],
    ['a payload that is not JSON', { value: '{' }],
    ['a time that is none', { headers: { ...breaker(8).headers, ce_time: 'now' } }],
  ])('halts a partition at %s, alerts, and folds the others', async (_, damage) => {
    const database = await createDatabase();
    database.log.append([breaker(7), { ...breaker(8), ...damage }, breaker(9)]);
    database.append(factsOf(request(1)));

    const fold = await database.takeFold();
    await fold.drain();
    await fold.drain();

    const partition = partitionOf(SYSTEM_TENANT);
    expect(database.halts).toMatchObject([{ partition, offset: 1n, eventId: breaker(8).eventId }]);
    expect(await count(database, 'audit_log')).toBe(4);
    const halted = await database.query<object>(
      'overture_gateway',
      'select partition, next_offset::int as next_offset, halted from read.projection_cursor where halted is not null',
    );
    expect(halted).toEqual([{ partition, next_offset: 1, halted: expect.stringContaining('offset 1') as string }]);
  });

  it('folds up to the damage of a log, and halts there', async () => {
    const database = await createDatabase();
    database.append(requests(3).flatMap(factsOf));
    const read = database.log.read.bind(database.log);
    database.log.read = (partition, from, options) => {
      if (from + BigInt(options?.maxEvents ?? 0) <= 7n) return read(partition, from, options);
      return Promise.reject(new CorruptLogError(`partition ${partition}`, 'checksum'));
    };

    await database.foldAll();

    expect(database.halts).toMatchObject([{ offset: 7n }]);
    expect(await count(database, 'audit_log')).toBe(7);
  });

  it('halts where its log ends before its own cursor does: that is another log', async () => {
    const database = await createDatabase();
    database.append(requests(3).flatMap(factsOf));
    await database.foldAll();
    database.log = new RepeatingEventLog();
    database.append(requests(1).flatMap(factsOf));
    database.log.read = () => Promise.reject(new OffsetOutOfRangeError(1, 9n, { earliest: 0n, highWater: 3n }));

    await database.foldAll();

    expect(database.halts).toMatchObject([
      { offset: 9n, reason: expect.stringContaining('lies outside of 0..3') as string },
    ]);
  });

  it('halts at the very event that the books refuse: a second charge of one request', async () => {
    const database = await createDatabase();
    const second = { ...chargedFact(request(1)), id: requestIdOf(77) };
    database.append([...requests(4).flatMap(factsOf), second, ...factsOf(request(9))]);

    await database.foldAll();

    expect(database.halts).toMatchObject([{ offset: 12n, eventId: requestIdOf(77) }]);
    expect(await count(database, 'cost_ledger')).toBe(4);
    expect(await count(database, 'audit_log')).toBe(12);
  });

  it('halts at the event that a projection fails on, before it fails', async () => {
    const database = await createDatabase();
    database.append(requests(3).flatMap(factsOf));
    const stumbling = defineProjection({
      name: 'stumbling',
      version: 1,
      tables: [],
      on: {
        ProviderResponded: (_, { data }) => {
          if (data.request_id === requestIdOf(1)) throw new RangeError('too far');
        },
      },
    });

    await database.foldAll({ besides: [stumbling] });

    expect(database.halts).toMatchObject([{ offset: 4n, reason: 'A projection failed: too far' }]);
    expect(await count(database, 'audit_log')).toBe(4);
  });

  it('counts on in the same row when a key holds what PostgreSQL refuses', async () => {
    const database = await createDatabase();
    const budgets = [{ budget_id: 'team\0a', period: 'total' }];
    for (const number of [1, 2]) {
      database.append([chargedFact(request(number), { budgets })]);
      await database.foldAll();
    }

    const rows = await database.query('overture_projector', 'select budget_id, charges from read_1.budget_balance');
    expect(rows).toEqual([{ budget_id: 'team\uFFFDa', charges: '2' }]);
  });

  it('does not stumble over what a caller puts into a model name', async () => {
    const database = await createDatabase();
    const requested_model = '\0\x1e\x1f"{},\\\ud800';
    database.append([routedFact(request(1), { requested_model })]);

    await database.foldAll();

    const rows = await database.query('overture_projector', 'select requested_model, routed from read_1.request_log');
    expect(database.halts).toEqual([]);
    expect(rows).toMatchObject([{ requested_model: '\uFFFD\uFFFD\uFFFD"{},\\\uFFFD', routed: { requested_model } }]);
  });
});
