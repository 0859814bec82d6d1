import { setTimeout as sleep } from 'node:timers/promises';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Logger } from 'pino';
import {
  RECALL_MS,
  SliceAuthority,
  type AccountKey,
  type AccountStanding,
  type LeaseAnswer,
  type Slice,
  type SliceClaim,
} from '#ledger';
import { RECALL_CHANNEL, RecallWatch } from './recall-watch.js';

interface SliceRow {
  readonly committed: string;
  readonly used: string;
  readonly revision: number;
}

interface AccountRow {
  readonly limit: string;
  readonly committed: string;
  readonly used: string;
}

/** How often a recall looks whether the others have reported. */
const RECALL_LOOK_MS = 25;

const OPEN_ACCOUNT = `insert into control.budget_period (budget_id, period_key, tenant_id)
  select id, :period, tenant_id from control.budget where id = :budget on conflict do nothing`;

const OPEN_SLICE = `insert into control.budget_slice (budget_id, period_key, slot, tenant_id)
  select id, :period, :slot, tenant_id from control.budget where id = :budget on conflict do nothing`;

// Slice first, account second, in every transaction: slots meet at the account only, so they cannot deadlock.
const LOCK_SLICE = `select committed_nano_usd::text as committed, used_nano_usd::text as used, revision
  from control.budget_slice where budget_id = :budget and period_key = :period and slot = :slot for update`;

/** A budget that is no more has nothing left to lease. */
const LIMIT = 'case when b.retired_at is null then b.limit_nano_usd else 0 end';
const LEFT = `greatest(${LIMIT} - p.committed_nano_usd, 0)`;
const STANDING = `${LIMIT}::text as "limit", p.committed_nano_usd::text as committed, p.used_nano_usd::text as used`;

/** The one conditional statement by which money is granted: never beyond the limit, whatever else goes on. */
const GRANT = `update control.budget_period p
  set committed_nano_usd = p.committed_nano_usd + least(:want::numeric, ${LEFT}),
      used_nano_usd = p.used_nano_usd + :usedMore::numeric
  from control.budget b
  where b.id = p.budget_id and p.budget_id = :budget and p.period_key = :period
    and least(:want::numeric, ${LEFT}) >= :least::numeric
  returning ${STANDING}`;

const ADJUST = `update control.budget_period p
  set committed_nano_usd = p.committed_nano_usd + :more::numeric, used_nano_usd = p.used_nano_usd + :usedMore::numeric
  from control.budget b
  where b.id = p.budget_id and p.budget_id = :budget and p.period_key = :period
  returning ${STANDING}`;

const WRITE_SLICE = `update control.budget_slice
  set committed_nano_usd = committed_nano_usd + :more::numeric, used_nano_usd = :used::numeric, revision = revision + 1
  where budget_id = :budget and period_key = :period and slot = :slot
  returning committed_nano_usd::text as committed, used_nano_usd::text as used, revision`;

const SLICES_OF = `select budget_id, period_key, committed_nano_usd::text as committed,
    used_nano_usd::text as used, revision
  from control.budget_slice where slot = :slot and (committed_nano_usd <> used_nano_usd or committed_nano_usd > 0)`;

const IDLE_ELSEWHERE = `select slot, revision from control.budget_slice
  where budget_id = :budget and period_key = :period and slot <> :slot and committed_nano_usd > used_nano_usd`;

/** Slots that have said nothing since. */
const STILL_SILENT = `select s.slot from control.budget_slice s
  join jsonb_each_text(:asked::jsonb) asked on asked.key = s.slot and asked.value::integer = s.revision
  where s.budget_id = :budget and s.period_key = :period limit 1`;

/** The table of budgets has none by this id; a budget that was retired stays in it. */
class UnknownBudgetError extends Error {
  constructor(budgetId: string) {
    super(`budget ${budgetId} does not exist`);
    this.name = 'UnknownBudgetError';
  }
}

/** PostgreSQL as the authority over budgets: what it has granted counts as spent until it is returned. */
export class PostgresSliceAuthority extends SliceAuthority {
  constructor(
    private readonly em: EntityManager,
    private readonly url: string,
    private readonly logger: Logger,
  ) {
    super();
  }

  lease(claim: SliceClaim & { wantNanoUsd: bigint; minNanoUsd: bigint }): Promise<LeaseAnswer> {
    return this.change(claim, async (em, { usedMore }) => {
      const grant = { ...placeOf(claim), want: String(claim.wantNanoUsd), least: String(claim.minNanoUsd), usedMore };
      const before = await account(em, ADJUST, { ...placeOf(claim), more: '0', usedMore: '0' });
      const [granted] = await em.execute<AccountRow[]>(GRANT, grant);
      if (granted === undefined) {
        return {
          outcome: 'refused',
          more: 0n,
          standing: await account(em, ADJUST, { ...placeOf(claim), more: '0', usedMore }),
        };
      }
      const standing = standingOf(granted);
      return { outcome: 'granted', more: standing.committedNanoUsd - before.committedNanoUsd, standing };
    });
  }

  /** One that a restored database does not know has nobody to share with: what is said of it is taken as it is. */
  async report(claim: SliceClaim & { committedNanoUsd: bigint }): Promise<LeaseAnswer> {
    try {
      return await this.change(claim, async (em, { slice, usedMore }) => {
        const more = claim.committedNanoUsd - slice.committedNanoUsd;
        const standing = await account(em, ADJUST, { ...placeOf(claim), more: String(more), usedMore });
        return { outcome: 'granted', more, standing };
      });
    } catch (error) {
      if (!(error instanceof UnknownBudgetError)) throw error;
      const { budgetId, period, committedNanoUsd, usedNanoUsd, revision } = claim;
      const message =
        'the database does not know a budget that this slot has used: was it restored from an older copy?';
      this.logger.warn({ budgetId, period, usedNanoUsd: String(usedNanoUsd) }, message);
      const slice = { committedNanoUsd, usedNanoUsd, revision };
      return { outcome: 'granted', slice, account: { ...slice, limitNanoUsd: 0n } };
    }
  }

  async recall({ budgetId, period, slot }: AccountKey & { readonly slot: string }): Promise<void> {
    const em = this.em.fork();
    const account = { budget: budgetId, period };
    const idle = await em.execute<{ slot: string; revision: number }[]>(IDLE_ELSEWHERE, { ...account, slot });
    if (idle.length === 0) return;
    await em.execute('select pg_notify(?, ?)', [RECALL_CHANNEL, JSON.stringify({ budgetId, period, slot })]);
    const asked = JSON.stringify(Object.fromEntries(idle.map((slice) => [slice.slot, slice.revision])));
    for (let waitedMs = 0; waitedMs < RECALL_MS; waitedMs += RECALL_LOOK_MS) {
      await sleep(RECALL_LOOK_MS);
      const silent = await em.execute<object[]>(STILL_SILENT, { ...account, asked });
      if (silent.length === 0) return;
    }
  }

  async slicesOf(slot: string): Promise<readonly (AccountKey & Slice)[]> {
    const rows = await this.em
      .fork()
      .execute<(SliceRow & { budget_id: string; period_key: string })[]>(SLICES_OF, { slot });
    return rows.map((row) => ({ budgetId: row.budget_id, period: row.period_key, ...sliceOf(row) }));
  }

  watchRecalls(slot: string, listener: (account: AccountKey) => Promise<void>): () => void {
    const watch = new RecallWatch(this.url, this.logger, (text) => {
      const { budgetId, period, slot: asking } = JSON.parse(text) as AccountKey & { slot: string };
      if (asking !== slot) void listener({ budgetId, period });
    });
    void watch.connect();
    return () => watch.close();
  }

  /** Does one change of a slice under its lock; a claim of another revision than the table's changes nothing. */
  private change(
    claim: SliceClaim,
    work: (
      em: EntityManager,
      known: { readonly slice: Slice; readonly usedMore: string },
    ) => Promise<{ outcome: 'granted' | 'refused'; more: bigint; standing: AccountStanding }>,
  ): Promise<LeaseAnswer> {
    return this.em.fork().transactional(async (em): Promise<LeaseAnswer> => {
      const place = placeOf(claim);
      await em.execute(OPEN_ACCOUNT, place);
      await em.execute(OPEN_SLICE, place);
      const [locked] = await em.execute<SliceRow[]>(LOCK_SLICE, place);
      if (locked === undefined) throw new UnknownBudgetError(claim.budgetId);
      const slice = sliceOf(locked);
      if (slice.revision !== claim.revision) return { outcome: 'stale', slice };
      const usedMore = String(claim.usedNanoUsd - slice.usedNanoUsd);
      const { outcome, more, standing } = await work(em, { slice, usedMore });
      const [written] = await em.execute<SliceRow[]>(WRITE_SLICE, {
        ...place,
        more: String(more),
        used: String(claim.usedNanoUsd),
      });
      if (written === undefined) throw new Error(`the slice of ${claim.slot} is gone`);
      return { outcome, slice: sliceOf(written), account: standing };
    });
  }
}

const placeOf = ({ budgetId, period, slot }: SliceClaim): { budget: string; period: string; slot: string } => ({
  budget: budgetId,
  period,
  slot,
});

async function account(em: EntityManager, statement: string, values: object): Promise<AccountStanding> {
  const [row] = await em.execute<AccountRow[]>(statement, values);
  if (row === undefined) throw new Error('the account of a budget is gone');
  return standingOf(row);
}

const sliceOf = ({ committed, used, revision }: SliceRow): Slice => ({
  committedNanoUsd: BigInt(committed),
  usedNanoUsd: BigInt(used),
  revision,
});

const standingOf = ({ limit, committed, used }: AccountRow): AccountStanding => ({
  limitNanoUsd: BigInt(limit),
  committedNanoUsd: BigInt(committed),
  usedNanoUsd: BigInt(used),
});
