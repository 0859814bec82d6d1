import { randomBytes } from 'node:crypto';
import type { MikroORM } from '@mikro-orm/postgresql';
import { BudgetBook } from '#ledger';
import { CONTROL_ENTITIES, DATABASE_LOGINS, bootstrapTenancy, createOrm } from '#persistence';
import { createLogger } from '#telemetry';
import { describeSliceAuthority } from '../../../../libs/ledger/src/slices/slice-authority.suite.js';
import { startTestPostgres, type TestPostgres } from '../../../../test/engines/postgres.js';
import { waitUntil } from '../../../../test/engines/wait-until.js';
import { PostgresSliceAuthority } from './postgres.slice-authority.js';

const NOW = new Date('2026-11-21T10:00:00Z');
const BUDGET = 'team-budget';
const ACCOUNT = { budgetId: BUDGET, period: '2999-01' };
const silent = createLogger('silent', 'spec');

let postgres: TestPostgres;
beforeAll(async () => void (postgres = await startTestPostgres()));
afterAll(() => postgres.stop());

const HEARING = `select count(*)::int as count from pg_stat_activity
  where datname = current_database() and application_name = 'gateway recalls'
    and query ilike 'listen%' and state = 'idle'`;

const CUT = `select pg_terminate_backend(pid, 5000) from pg_stat_activity
  where datname = current_database() and application_name = 'gateway recalls' and query ilike 'listen%'`;

/** One gateway's authority; its recalls begin when every listener of the test is heard by the server. */
class HeardAuthority extends PostgresSliceAuthority {
  static watching = 0;
  private readonly watches: (() => void)[] = [];

  constructor(
    private readonly owner: MikroORM,
    readonly gateway: MikroORM,
    url: string,
  ) {
    super(gateway.em, url, silent);
  }

  override watchRecalls(...watch: Parameters<PostgresSliceAuthority['watchRecalls']>): () => void {
    const unwatch = super.watchRecalls(...watch);
    HeardAuthority.watching += 1;
    const stop = (): void => {
      unwatch();
      HeardAuthority.watching -= 1;
      this.watches.splice(this.watches.indexOf(stop), 1);
    };
    this.watches.push(stop);
    return stop;
  }

  override async recall(claim: Parameters<PostgresSliceAuthority['recall']>[0]): Promise<void> {
    await waitUntil(async () => {
      const [row] = await this.owner.em.fork().execute<{ count: number }[]>(HEARING);
      return row?.count === HeardAuthority.watching;
    });
    await super.recall(claim);
  }

  async close(): Promise<void> {
    for (const stop of this.watches.slice()) stop();
    await this.gateway.close();
  }
}

/** A database with one project; as many gateways as a test wants. */
async function openDatabase() {
  const url = await postgres.createDatabase();
  const options = { entities: CONTROL_ENTITIES, poolMax: 8, statementTimeoutMs: 10_000, applicationName: 'spec' };
  const owner = await createOrm({ ...options, url: url(DATABASE_LOGINS.migrator) });
  const superuser = await createOrm({ ...options, url: url('postgres') });
  const { tenantId } = await bootstrapTenancy(owner.em, {
    orgSlug: 'main',
    projectSlug: 'default',
    bootstrapKey: null,
    now: NOW,
    randomBytes,
  });
  const gatewayUrl = url(DATABASE_LOGINS.gateway);
  const gateways: HeardAuthority[] = [];
  return {
    owner,
    async join(): Promise<HeardAuthority> {
      const gateway = new HeardAuthority(superuser, await createOrm({ ...options, url: gatewayUrl }), gatewayUrl);
      gateways.push(gateway);
      return gateway;
    },
    async setLimit(budgetId: string, limitNanoUsd: bigint): Promise<void> {
      await owner.em.fork().execute(
        `insert into control.budget (id, tenant_id, name, scope, scope_id, period, limit_nano_usd, created_at)
           values (:budgetId, :tenantId, :budgetId, 'project', :tenantId, 'month', :limit, now())
           on conflict (id) do update set limit_nano_usd = excluded.limit_nano_usd`,
        { budgetId, tenantId, limit: String(limitNanoUsd) },
      );
    },
    async retire(budgetId: string): Promise<void> {
      await owner.em.fork().execute('update control.budget set retired_at = now() where id = ?', [budgetId]);
    },
    /** Ends the connections on which gateways hear recalls, once they are there. */
    async cutRecalls(): Promise<void> {
      await waitUntil(async () => (await superuser.em.fork().execute<object[]>(CUT)).length > 0);
    },
    async close(): Promise<void> {
      await Promise.all(gateways.map((gateway) => gateway.close()));
      await owner.close();
      await superuser.close();
    },
  };
}

describeSliceAuthority('PostgresSliceAuthority', async () => {
  const database = await openDatabase();
  const authority = await database.join();
  return { ...database, authority };
});

describe('PostgreSQL as the authority of several gateways', () => {
  let database: Awaited<ReturnType<typeof openDatabase>>;
  let here: HeardAuthority;
  let there: HeardAuthority;
  beforeEach(async () => {
    database = await openDatabase();
    await database.setLimit(BUDGET, 1_000n);
    here = await database.join();
    there = await database.join();
  });
  afterEach(() => database.close());

  const claim = (slot: string, revision: number, usedNanoUsd = 0n) => ({ ...ACCOUNT, slot, revision, usedNanoUsd });

  it('recalls idle money from the gateway that has it', async () => {
    await here.lease({ ...claim('here', 0), wantNanoUsd: 1_000n, minNanoUsd: 1_000n });
    here.watchRecalls('here', async (account) => {
      expect(account).toEqual(ACCOUNT);
      await here.report({ ...claim('here', 1, 40n), committedNanoUsd: 40n });
    });
    await there.recall({ ...ACCOUNT, slot: 'there' });
    expect(await there.lease({ ...claim('there', 0), wantNanoUsd: 960n, minNanoUsd: 960n })).toMatchObject({
      outcome: 'granted',
      account: { committedNanoUsd: 1_000n, usedNanoUsd: 40n },
    });
  });

  it('never grants beyond the limit to gateways that lease at the same moment', async () => {
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        (index % 2 === 0 ? here : there).lease({ ...claim(`slot-${index}`, 0), wantNanoUsd: 70n, minNanoUsd: 70n }),
      ),
    );
    expect(answers.filter(({ outcome }) => outcome === 'granted')).toHaveLength(14);
    const [sums] = await database.owner.em.fork().execute<{ account: string; slices: string }[]>(
      `select committed_nano_usd::text as account,
         (select sum(committed_nano_usd)::text from control.budget_slice) as slices from control.budget_period`,
    );
    expect(sums).toEqual({ account: '980', slices: '980' });
  });

  it('shrinks nobody’s slice when the limit falls below what is out', async () => {
    await here.lease({ ...claim('here', 0), wantNanoUsd: 900n, minNanoUsd: 900n });
    await database.setLimit(BUDGET, 100n);
    expect(await here.lease({ ...claim('here', 1), wantNanoUsd: 50n, minNanoUsd: 0n })).toMatchObject({
      outcome: 'granted',
      slice: { committedNanoUsd: 900n, revision: 2 },
      account: { limitNanoUsd: 100n, committedNanoUsd: 900n },
    });
  });

  it('rejects a claim on a budget that does not exist', async () => {
    const nowhere = { ...claim('here', 0), budgetId: 'no-such-budget', wantNanoUsd: 1n, minNanoUsd: 1n };
    await expect(here.lease(nowhere)).rejects.toThrow('no-such-budget does not exist');
  });

  it('lets a slot start after a restore that lacks some of its use and one of its budgets', async () => {
    await here.lease({ ...claim('here', 0), wantNanoUsd: 500n, minNanoUsd: 500n });
    const book = new BudgetBook(here, 'here');
    const later = { budgetId: 'made-after-the-copy', period: '2999-01', usedNanoUsd: 40n };
    await book.restore([{ ...ACCOUNT, usedNanoUsd: 60n }, later]);

    expect(await there.lease({ ...claim('there', 0), wantNanoUsd: 1n, minNanoUsd: 1n })).toMatchObject({
      account: { usedNanoUsd: 60n, committedNanoUsd: 61n },
    });
    await book.close();
  });

  it('hears recalls again after its connection was cut', async () => {
    await here.lease({ ...claim('here', 0), wantNanoUsd: 1_000n, minNanoUsd: 1_000n });
    here.watchRecalls('here', async () => {
      await here.report({ ...claim('here', 1), committedNanoUsd: 0n });
    });
    await database.cutRecalls();
    await there.recall({ ...ACCOUNT, slot: 'there' });
    expect(await there.lease({ ...claim('there', 0), wantNanoUsd: 1_000n, minNanoUsd: 1_000n })).toMatchObject({
      outcome: 'granted',
    });
  });
});
