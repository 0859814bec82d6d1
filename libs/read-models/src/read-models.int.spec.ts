import { createOrm, DATABASE_LOGINS } from '#persistence';
import { NO_EVIDENCE, foldOutcome } from '#posterior';
import type { MikroORM } from '@mikro-orm/postgresql';
import type { TestPostgres } from '../../../test/engines/postgres.js';
import { partitionOf } from '#event-log';
import { ReadDatabase, startReadPostgres } from './__fixtures__/read-database.js';
import {
  breakerFact,
  factsOf,
  requestIdOf,
  respondedFact,
  reusedFact,
  type SampleRequest,
} from './__fixtures__/sample-facts.js';
import { cursors, nextOffsetOf } from './fold/read-cursors.query.js';
import { changedPosteriors } from './posteriors/changed-posteriors.query.js';
import { providerStats } from './provider-health/provider-stats.query.js';
import { READ_TABLES } from './read-model.registry.js';
import { findRequest } from './request-log/find-request.query.js';
import { foldRequestView } from './request-log/fold-request-view.js';

const request = (number: number, tenant = 'acme-prod'): SampleRequest => ({
  number,
  tenant,
  attempts: [
    { candidate: 'openai-prod/gpt-4o', outcome: 'overloaded', latencyMs: 12, ttftMs: null, tick: 179443210 },
    { candidate: 'azure-eu/gpt-4o', outcome: 'ok', latencyMs: 100 / 3, ttftMs: null, tick: 179443211 },
  ],
  state: 'settled',
  amount: 2_380_000n,
});

describe('reading the read models', () => {
  let postgres: TestPostgres;
  let database: ReadDatabase;
  let orm: MikroORM;

  beforeAll(async () => {
    postgres = await startReadPostgres();
  });
  beforeEach(async () => {
    database = await ReadDatabase.create(postgres);
    const url = database.url(DATABASE_LOGINS.gateway);
    orm = await createOrm({ url, entities: [], poolMax: 2, statementTimeoutMs: 10_000, applicationName: 'test' });
    database.append([
      ...factsOf(request(1)),
      ...factsOf(request(2, 'acme-test')),
      reusedFact(14, request(1)),
      reusedFact(16, request(2, 'acme-test')),
      breakerFact(3, 'Opened', 'openai-prod/gpt-4o'),
    ]);
    await database.foldAll();
  });
  afterEach(async () => {
    await orm.close();
    await database.close();
  });
  afterAll(() => postgres.stop());

  it("shows one request exactly as a fold of the journal's facts does", async () => {
    const view = await findRequest(orm.em.fork(), 'acme-prod', requestIdOf(1));

    expect(view).toEqual(foldRequestView(factsOf(request(1))));
    expect(view?.attempts).toHaveLength(2);
  });

  it('shows whose answer a request got that was not routed', async () => {
    const view = await findRequest(orm.em.fork(), 'acme-prod', requestIdOf(14));

    expect(view).toEqual(foldRequestView([reusedFact(14, request(1))]));
    expect(view).toMatchObject({ status: 'reused', reuse: { original_request_id: requestIdOf(1) } });
    expect(await findRequest(orm.em.fork(), 'acme-test', requestIdOf(14))).toBeNull();
  });

  it('shows and books the same whatever order the facts of a request stand in', async () => {
    const facts = factsOf(request(5));
    database.append(facts.toReversed());
    await database.foldAll();

    expect(await findRequest(orm.em.fork(), 'acme-prod', requestIdOf(5))).toEqual(foldRequestView(facts));
    expect(
      await database.query(
        'overture_projector',
        `select charges, charged_nano_usd from read_1.budget_balance
          where tenant_id = 'acme-prod' and period = 'total'`,
      ),
    ).toEqual([{ charges: '2', charged_nano_usd: '4760000' }]);
  });

  it("finds neither another tenant's request, nor an unknown one, nor what is no id", async () => {
    expect(await findRequest(orm.em.fork(), 'acme-test', requestIdOf(1))).toBeNull();
    expect(await findRequest(orm.em.fork(), 'acme-prod', requestIdOf(9))).toBeNull();
    expect(await findRequest(orm.em.fork(), 'acme-prod', `' or 1=1 --`)).toBeNull();
  });

  it('adds up how providers have been doing, for all tenants', async () => {
    expect(await providerStats(orm.em.fork())).toMatchObject([
      {
        connection: 'azure-eu',
        attempts: 2,
        ok: 2,
        errors: {},
        latency: { mean_ms: 33.333, p50_ms: 50 },
        breakers: [],
      },
      { connection: 'openai-prod', attempts: 2, ok: 0, errors: { overloaded: 2 }, breakers: [{ state: 'open' }] },
    ]);
  });

  it('brings a gateway what changed since the versions it has, to the bit', async () => {
    const partition = partitionOf('acme-prod');
    const all = await changedPosteriors(orm.em.fork(), { generation: 0, versions: new Map() });
    expect(all.changed).toHaveLength(4);
    expect(all.versions.get(partition)).toBe(5n);
    expect(await changedPosteriors(orm.em.fork(), all)).toEqual({ ...all, changed: [] });

    const answered = {
      candidate: 'azure-eu/gpt-4o',
      outcome: 'ok',
      latencyMs: 7,
      ttftMs: null,
      tick: 179443290,
    } as const;
    const later = { ...request(4), attempts: [answered] };
    database.append(factsOf(later));
    await database.foldAll();
    const { versions, changed } = await changedPosteriors(orm.em.fork(), all);

    const outcomes = [respondedFact(request(1), 2), respondedFact(later, 1)].map(({ data }) => data);
    const { cell } = respondedFact(later, 1).data;
    const state = outcomes.reduce(foldOutcome, NO_EVIDENCE);
    const nextOffset = 7n; // after the attempt, before the charge
    expect(changed).toEqual([{ cell, candidate: 'azure-eu/gpt-4o', partition, nextOffset, state }]);
    expect(versions.get(partition)).toBe(8n);
  });

  it('says how far every partition has been folded', async () => {
    const partition = partitionOf('acme-prod');

    expect((await cursors(orm.em.fork())).get(partition)).toEqual({ nextOffset: 5n, halted: null });
    expect(await nextOffsetOf(orm.em.fork(), partition)).toBe(5n);
    expect(await nextOffsetOf(orm.em.fork(), partition + 1)).toBe(0n);
  });

  describe('row-level security', () => {
    const tenantTables = READ_TABLES.filter(({ columns }) => 'tenantId' in columns).map(({ name }) => name);
    const foreignRows = (table: string) => `select * from ${table} where tenant_id <> 'acme-prod'`;

    it('is forced on every table with a tenant', async () => {
      const rows = await database.query<{ relname: string; forced: boolean }>(
        'overture_migrator',
        `select relname, relrowsecurity and relforcerowsecurity as forced from pg_class c
           join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
          where nspname = 'read_1' and relkind = 'r' and attname = 'tenant_id'`,
      );
      expect(rows.map(({ relname }) => relname).sort()).toEqual(tenantTables.toSorted());
      expect(rows.filter(({ forced }) => !forced)).toEqual([]);
    });

    it.each(READ_TABLES.filter(({ readableBy }) => readableBy === 'tenant').map(({ name }) => name))(
      'shows a gateway its tenant’s rows of %s only, and none without a tenant, by view and by table',
      async (table) => {
        for (const relation of [`read.${table}`, `read_1.${table}`]) {
          const own = await database.query('overture_gateway', `select * from ${relation}`, 'acme-prod');
          expect(own.length).toBeGreaterThan(0);
          expect(await database.query('overture_gateway', foreignRows(relation), 'acme-prod')).toEqual([]);
          expect(await database.query('overture_gateway', `select * from ${relation}`)).toEqual([]);
        }
      },
    );

    it('lets the gateway see the posteriors of all tenants', async () => {
      expect(await database.query('overture_gateway', foreignRows('read.posterior'))).toHaveLength(2);
    });

    it('lets nobody but the projector write, and the projector nothing undo', async () => {
      const before = await database.dump();
      const forge = `insert into read_1.budget_balance values ('acme-prod', 'b', 'p', 0, 0, 0, 0, 0, 0)`;
      const embezzle = 'update read_1.cost_ledger set amount_nano_usd = 0';

      await expect(database.query('overture_gateway', forge, 'acme-prod')).rejects.toThrow('permission denied');
      await expect(database.query('overture_gateway', embezzle, 'acme-prod')).rejects.toThrow('permission denied');
      await expect(database.query('overture_migrator', forge)).rejects.toThrow('row-level security');
      await database.query('overture_migrator', embezzle); // its owner sees no row to update
      await expect(database.query('overture_projector', 'delete from read_1.audit_log')).rejects.toThrow(
        'permission denied',
      );
      expect(await database.dump()).toEqual(before);
    });
  });
});
