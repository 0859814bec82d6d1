import { setImmediate } from 'node:timers/promises';
import { GatewayError } from '#contracts';
import { BudgetBook } from './budget-book.js';
import { BudgetTree } from './budget-tree.js';
import { periodKey, type AccountKey, type Budget } from './budget.js';
import type { HoldRequest } from './hold.js';
import { MemorySliceAuthority } from '../slices/memory.slice-authority.js';
import type { LeaseAnswer, LeaseRequest, SliceReport } from '../slices/slice-authority.port.js';

const USD = 1_000_000_000n;
const NOON = Date.UTC(2026, 10, 21, 12);
const TODAY = '2026-11-21';

const budget = (more: Partial<Budget> = {}): Budget => ({
  id: 'b-key',
  name: 'nightly jobs',
  scope: 'key',
  scopeId: 'key_01',
  period: 'day',
  limitNanoUsd: USD,
  ...more,
});

/** Counts calls, and fails on demand: before the call is done, or after it, as when a reply is lost. */
class FaultyAuthority extends MemorySliceAuthority {
  calls = 0;
  fault: 'none' | 'unreachable' | 'reply lost' = 'none';
  /** Calls that go well before the fault shows. */
  spared = 0;

  override lease(request: LeaseRequest): Promise<LeaseAnswer> {
    return this.faulty(() => super.lease(request));
  }

  override report(report: SliceReport): Promise<LeaseAnswer> {
    return this.faulty(() => super.report(report));
  }

  private async faulty(call: () => Promise<LeaseAnswer>): Promise<LeaseAnswer> {
    this.calls += 1;
    if (this.fault !== 'none' && this.spared > 0) {
      this.spared -= 1;
      return call();
    }
    if (this.fault === 'unreachable') throw new Error('connection refused');
    const answer = await call();
    if (this.fault === 'reply lost') throw new Error('connection reset');
    return answer;
  }
}

function setting(...budgets: Budget[]) {
  const limits = new Map(budgets.map(({ id, limitNanoUsd }) => [id, limitNanoUsd]));
  const authority = new FaultyAuthority(limits);
  let serial = 0;
  const request = (amountNanoUsd: bigint, more: Partial<HoldRequest> = {}): HoldRequest => {
    serial += 1;
    return {
      holdId: `hold-${serial}`,
      requestId: `request-${serial}`,
      budgets,
      amountNanoUsd,
      leastNanoUsd: amountNanoUsd,
      epochMs: NOON,
      monotonicMs: 1_000,
      ...more,
    };
  };
  const open = async (slot: string, used: Parameters<BudgetBook['restore']>[0] = []): Promise<BudgetBook> => {
    const book = new BudgetBook(authority, slot);
    await book.restore(used);
    authority.calls = 0;
    return book;
  };
  const committed = (key: AccountKey = { budgetId: 'b-key', period: TODAY }) =>
    authority.standingOf(key).committedNanoUsd;
  return { authority, limits, request, committed, open };
}

const refusalOf = async (held: Promise<unknown>): Promise<GatewayError> => {
  const error = await held.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof GatewayError) return error;
  throw new Error(`expected a refusal, got ${String(error)}`);
};

describe('holding', () => {
  it('costs nothing without budgets and asks nobody', async () => {
    const { authority, open, request } = setting();
    const hold = (await open('a')).tryHold(request(USD));
    expect(hold).toMatchObject({ amountNanoUsd: USD, budgets: [] });
    expect(authority.calls).toBe(0);
  });

  it('leases once, then holds in memory while the slice lasts', async () => {
    const { authority, open, request } = setting(budget());
    const book = await open('a');
    expect(book.tryHold(request(USD / 100n))).toBeNull();
    await book.hold(request(USD / 100n));
    for (let turn = 0; turn < 4; turn++) expect(book.tryHold(request(USD / 100n))).not.toBeNull();
    expect(book.tryHold(request(USD / 100n))).toBeNull();
    expect(authority.calls).toBe(1);
  });

  it('leases four typical holds, one per cent of the remainder, or 0.05 USD, whichever is most', async () => {
    const committedAfter = async (limitNanoUsd: bigint, ...amounts: bigint[]) => {
      const { open, request, committed } = setting(budget({ limitNanoUsd }));
      const book = await open('a');
      for (const amount of amounts) await book.hold(request(amount));
      return committed();
    };
    expect(await committedAfter(USD, 1n)).toBe(50_000_000n);
    expect(await committedAfter(100n * USD, USD)).toBe(4n * USD);
    expect(await committedAfter(1_000n * USD, 50_000_000n, 200_000_000n)).toBe(200_000_000n + 9_998_000_000n);
    expect(await committedAfter(USD, USD / 2n)).toBe(USD);
  });

  it('lets all who find a slice empty wait for one lease', async () => {
    const { authority, open, request } = setting(budget());
    const book = await open('a');
    const holds = await Promise.all(Array.from({ length: 50 }, () => book.hold(request(USD / 100n))));
    expect(holds).toHaveLength(50);
    expect(authority.calls).toBe(1);
  });

  it('asks budgets from the widest to the narrowest', () => {
    const [org, project, key, other] = [
      budget({ id: 'o', scope: 'org', scopeId: 'org_1' }),
      budget({ id: 'p', scope: 'project', scopeId: 'prj_1' }),
      budget({ id: 'k2', scope: 'key', scopeId: 'key_1' }),
      budget({ id: 'k1', scope: 'key', scopeId: 'key_1' }),
    ];
    const tree = new BudgetTree([key, other, project, org, budget({ id: 'x', scopeId: 'key_2' })]);
    const above = tree.above({ org: 'org_1', project: 'prj_1', team: null, key: 'key_1' });
    expect(above.map(({ id }) => id)).toEqual(['o', 'p', 'k1', 'k2']);
    expect(tree.above({ key: 'key_9' })).toEqual([]);
  });

  it('holds in every budget or in none', async () => {
    const wide = budget({ id: 'b-org', scope: 'org', limitNanoUsd: 10n * USD });
    const { open, request } = setting(wide, budget());
    const book = await open('a');
    await book.hold(request(USD / 2n));
    await expect(book.hold(request(USD))).rejects.toMatchObject({ code: 'budget_held' });
    const held = book.snapshot().accounts.map(({ budgetId, heldNanoUsd }) => [budgetId, heldNanoUsd]);
    expect(held).toEqual([
      ['b-org', USD / 2n],
      ['b-key', USD / 2n],
    ]);
  });

  it('books each period apart: a hold is settled where it was made', async () => {
    const { open, request, committed } = setting(budget());
    const book = await open('a');
    const before = await book.hold(request(USD, { epochMs: Date.UTC(2026, 10, 21, 23, 59, 59, 999) }));
    const after = await book.hold(request(USD, { epochMs: Date.UTC(2026, 10, 22) }));
    book.settle(before, USD);
    expect([before.budgets, after.budgets]).toEqual([
      [{ budgetId: 'b-key', period: TODAY }],
      [{ budgetId: 'b-key', period: '2026-11-22' }],
    ]);
    expect(book.snapshot().accounts.map(({ usedNanoUsd }) => usedNanoUsd)).toEqual([USD, 0n]);
    expect(committed({ budgetId: 'b-key', period: '2026-11-22' })).toBe(USD);
  });

  it('names periods by UTC', () => {
    const instant = Date.parse('2026-12-31T23:59:59.999Z');
    expect(['day', 'month', 'total'].map((period) => periodKey(period as 'day', instant))).toEqual([
      '2026-12-31',
      '2026-12',
      'total',
    ]);
    expect(periodKey('month', instant + 1)).toBe('2027-01');
  });
});

describe('refusing', () => {
  it('is 402 with the whole story when what is used leaves too little', async () => {
    const { open, request } = setting(budget());
    const book = await open('a');
    book.settle(await book.hold(request(USD)), 950_000_000n);
    const error = await refusalOf(book.hold(request(100_000_000n)));
    expect([error.status, error.code, error.type]).toEqual([402, 'budget_exhausted', 'insufficient_quota']);
    expect(error.message).toBe(
      'Budget "nightly jobs" of key key_01: 0.95 of 1 USD used in period 2026-11-21, and this request may cost up to ' +
        '0.1 USD. Lower max_tokens, raise the limit, or wait for the next day (UTC).',
    );
  });

  it('is 429 when only open holds stand in the way', async () => {
    const { open, request } = setting(budget());
    const [here, there] = [await open('a'), await open('b')];
    const hold = await here.hold(request(USD));
    for (const book of [here, there]) {
      const error = await refusalOf(book.hold(request(1n)));
      expect([error.status, error.code, error.retryAfterMs]).toEqual([429, 'budget_held', 1_000]);
    }
    here.void(hold);
    await expect(there.hold(request(USD))).resolves.toMatchObject({ amountNanoUsd: USD });
  });

  it('asks nobody once it is known that nothing is left', async () => {
    const { authority, open, request } = setting(budget());
    const book = await open('a');
    book.settle(await book.hold(request(USD)), USD);
    const { calls } = authority;
    await refusalOf(book.hold(request(1n)));
    expect(authority.calls).toBe(calls);
  });

  it('accepts again as soon as the limit is raised', async () => {
    const { limits, open, request } = setting(budget());
    const book = await open('a');
    book.settle(await book.hold(request(USD)), USD);
    limits.set('b-key', 2n * USD);
    const raised = { budgets: [budget({ limitNanoUsd: 2n * USD })] };
    await expect(book.hold(request(USD, raised))).resolves.toMatchObject({ amountNanoUsd: USD });
  });

  it('fetches idle money from other replicas before it refuses', async () => {
    const { open, request } = setting(budget());
    const [here, there] = [await open('a'), await open('b')];
    here.void(await here.hold(request(USD)));
    await expect(there.hold(request(USD))).resolves.toMatchObject({ amountNanoUsd: USD });
    await expect(here.hold(request(1n))).rejects.toMatchObject({ code: 'budget_held' });
  });

  it('takes no more than it needs of what others gave back', async () => {
    const { authority, open, request } = setting(budget());
    const [here, there] = [await open('a'), await open('b')];
    here.void(await here.hold(request(USD)));
    await there.hold(request(USD / 10n));
    expect(await authority.slicesOf('b')).toMatchObject([{ committedNanoUsd: USD / 10n }]);
  });

  it('does not have two replicas refuse each other over money that both could give', async () => {
    const { open, request } = setting(budget());
    const [here, there] = [await open('a'), await open('b')];
    here.void(await here.hold(request(USD / 2n)));
    there.void(await there.hold(request(USD / 2n)));
    const answers = await Promise.allSettled([here.hold(request(USD)), there.hold(request(USD))]);
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('is 503 while the authority cannot be reached and the slice is used up', async () => {
    const { authority, open, request } = setting(budget());
    const book = await open('a');
    await book.hold(request(USD / 100n));
    authority.fault = 'unreachable';
    expect(book.tryHold(request(USD / 100n))).not.toBeNull();
    const error = await refusalOf(book.hold(request(USD)));
    expect([error.status, error.code]).toEqual([503, 'ledger_unavailable']);
    authority.fault = 'none';
    await expect(book.hold(request(USD / 2n))).resolves.toBeDefined();
  });

  it('is 503 when the authority never agrees to what a slice is', async () => {
    const { authority, open, request } = setting(budget());
    const slice = { committedNanoUsd: 0n, usedNanoUsd: 0n, revision: 7 };
    authority.lease = () => Promise.resolve({ outcome: 'stale', slice });
    await expect((await open('a')).hold(request(1n))).rejects.toMatchObject({ code: 'ledger_unavailable' });
  });
});

describe('holding less rather than refusing', () => {
  it('takes what the budget still buys', async () => {
    const { open, request } = setting(budget());
    const book = await open('a');
    book.settle(await book.hold(request(USD)), USD - 300n);
    await expect(book.hold(request(1_000n, { leastNanoUsd: 300n }))).resolves.toMatchObject({ amountNanoUsd: 300n });
    await expect(book.hold(request(1_000n, { leastNanoUsd: 1n }))).rejects.toMatchObject({ code: 'budget_held' });
  });

  it('takes what the narrowest of several budgets still buys', async () => {
    const wide = budget({ id: 'b-org', scope: 'org', limitNanoUsd: 700n });
    const { open, request } = setting(wide, budget({ limitNanoUsd: 500n }));
    const book = await open('a');
    await expect(book.hold(request(1_000n, { leastNanoUsd: 1n }))).resolves.toMatchObject({ amountNanoUsd: 500n });
  });

  it('does not wait for others as long as there is enough', async () => {
    const { open, request } = setting(budget({ limitNanoUsd: 1_000n }));
    const [here, there] = [await open('a'), await open('b')];
    await here.hold(request(400n));
    here.void(await here.hold(request(500n)));
    await expect(there.hold(request(1_000n, { leastNanoUsd: 600n }))).resolves.toMatchObject({ amountNanoUsd: 600n });
  });
});

describe('ending a hold', () => {
  it('frees what was not used', async () => {
    const { open, request } = setting(budget());
    const book = await open('a');
    expect(book.settle(await book.hold(request(USD)), 300n)).toEqual({ state: 'settled', amountNanoUsd: 300n });
    expect(book.snapshot()).toMatchObject({ openHolds: 0, heldNanoUsd: 0n, overrunNanoUsd: 0n });
    expect(book.tryHold(request(USD - 300n))).not.toBeNull();
  });

  it('happens once: later calls return the first outcome', async () => {
    const { open, request } = setting(budget());
    const book = await open('a');
    const [settled, voided] = [await book.hold(request(10n)), await book.hold(request(10n))];
    const first = book.settle(settled, 4n);
    expect([book.settle(settled, 9n), book.void(settled)]).toEqual([first, first]);
    const none = book.void(voided);
    expect([book.settle(voided, 9n), none]).toEqual([none, { state: 'voided', amountNanoUsd: 0n }]);
    expect(book.snapshot().accounts[0]).toMatchObject({ usedNanoUsd: 4n, heldNanoUsd: 0n });
  });

  it('records more than was held, and later holds everywhere see it', async () => {
    const { open, request, committed } = setting(budget());
    const [here, there] = [await open('a'), await open('b')];
    here.settle(await here.hold(request(USD)), USD + 7n);
    expect(here.snapshot().overrunNanoUsd).toBe(7n);
    await expect(there.hold(request(1n))).rejects.toMatchObject({ code: 'budget_exhausted' });
    expect(committed()).toBe(USD + 7n);
    await expect(here.hold(request(1n))).rejects.toMatchObject({ code: 'budget_exhausted' });
  });

  it('books an overrun at once, before anybody asks', async () => {
    const { open, request, committed } = setting(budget({ limitNanoUsd: 100n * USD }));
    const book = await open('a');
    book.settle(await book.hold(request(USD)), 4n * USD + 7n);
    await setImmediate();
    expect(committed()).toBe(4n * USD + 7n);
  });

  it('books an overrun later if the authority is away', async () => {
    const { authority, open, request, committed } = setting(budget());
    const book = await open('a');
    const hold = await book.hold(request(USD));
    authority.fault = 'unreachable';
    book.settle(hold, USD + 7n);
    await book.tend({ epochMs: NOON, monotonicMs: 1_000 });
    expect(committed()).toBe(USD);
    authority.fault = 'none';
    await book.tend({ epochMs: NOON, monotonicMs: 1_000 });
    expect(committed()).toBe(USD + 7n);
  });
});

describe('slices', () => {
  it('go back when nothing was held for ten seconds, and not before', async () => {
    const { open, request, committed } = setting(budget());
    const book = await open('a');
    book.settle(await book.hold(request(USD / 4n)), 100n);
    await book.tend({ epochMs: NOON, monotonicMs: 10_999 });
    expect(committed()).toBeGreaterThan(USD / 2n);
    await book.tend({ epochMs: NOON, monotonicMs: 11_000 });
    expect(committed()).toBe(100n);
  });

  it('keep what is held when idle money goes back', async () => {
    const { open, request, committed } = setting(budget());
    const book = await open('a');
    const hold = await book.hold(request(USD / 4n));
    await book.tend({ epochMs: NOON, monotonicMs: 20_000 });
    expect(committed()).toBe(USD / 4n);
    book.settle(hold, 5n);
    await book.tend({ epochMs: NOON, monotonicMs: 20_000 });
    expect(committed()).toBe(5n);
  });

  it('end new holds when the lease runs out, not those that are open', async () => {
    const { authority, open, request } = setting(budget());
    const book = await open('a');
    const hold = await book.hold(request(1n));
    expect(book.tryHold(request(1n, { monotonicMs: 30_999 }))).not.toBeNull();
    expect(book.tryHold(request(1n, { monotonicMs: 31_000 }))).toBeNull();
    expect(book.settle(hold, 1n).state).toBe('settled');
    await expect(book.hold(request(1n, { monotonicMs: 31_000 }))).resolves.toBeDefined();
    expect(authority.calls).toBe(2);
    authority.fault = 'unreachable';
    await expect(book.hold(request(1n, { monotonicMs: 61_000 }))).rejects.toMatchObject({ code: 'ledger_unavailable' });
  });

  it('are renewed while they are in use', async () => {
    const { open, request } = setting(budget());
    const book = await open('a');
    await book.hold(request(1n));
    for (let second = 2; second < 120; second++) {
      await book.tend({ epochMs: NOON, monotonicMs: second * 1_000 });
      expect(book.tryHold(request(1n, { monotonicMs: second * 1_000 }))).not.toBeNull();
    }
  });

  it('go back at once when the limit falls below what is committed', async () => {
    const { authority, limits, open, request, committed } = setting(budget());
    const book = await open('a');
    book.settle(await book.hold(request(USD)), 100n);
    limits.set('b-key', 1_000n);
    await book.hold(request(1n, { monotonicMs: 1_000, budgets: [budget({ limitNanoUsd: 1_000n })] }));
    await book.tend({ epochMs: NOON, monotonicMs: 20_000 });
    expect(committed()).toBe(101n);
    expect(authority.standingOf({ budgetId: 'b-key', period: TODAY }).limitNanoUsd).toBe(1_000n);
  });

  it('of a period that is over go back, and its account is forgotten two days later', async () => {
    const { open, request, committed } = setting(budget());
    const book = await open('a');
    book.settle(await book.hold(request(USD / 4n)), 100n);
    await book.tend({ epochMs: NOON + 24 * 3_600_000, monotonicMs: 2_000 });
    expect(committed()).toBe(100n);
    await book.tend({ epochMs: NOON + 2 * 24 * 3_600_000, monotonicMs: 2_000 });
    expect(book.snapshot().accounts).toHaveLength(1);
    await book.tend({ epochMs: NOON + 3 * 24 * 3_600_000, monotonicMs: 3_000 });
    expect(book.snapshot().accounts).toEqual([]);
    await book.hold(request(1n));
    expect(book.snapshot().accounts[0]).toMatchObject({ usedNanoUsd: 100n });
  });

  it('whose lease was granted but never heard of are found again', async () => {
    const { authority, open, request, committed } = setting(budget());
    const book = await open('a');
    authority.fault = 'reply lost';
    await refusalOf(book.hold(request(USD / 2n)));
    expect(committed()).toBe(USD);
    authority.fault = 'none';
    await expect(book.hold(request(USD))).resolves.toMatchObject({ amountNanoUsd: USD });
    expect(committed()).toBe(USD);
  });

  it('that went back without an answer are not spent again', async () => {
    const { authority, open, request, committed } = setting(budget());
    const [here, there] = [await open('a'), await open('b')];
    here.void(await here.hold(request(USD)));
    [authority.fault, authority.spared] = ['reply lost', 1];
    await here.tend({ epochMs: NOON, monotonicMs: 20_000 });
    expect(committed()).toBe(0n);
    expect(here.tryHold(request(1n))).toBeNull();
    authority.fault = 'none';
    await there.hold(request(USD));
    expect(here.tryHold(request(1n))).toBeNull();
    await expect(here.hold(request(1n))).rejects.toMatchObject({ code: 'budget_held' });
  });

  describe.each(['unreachable', 'reply lost'] as const)('while the authority is away (%s)', (fault) => {
    const AMOUNT = USD / 100n;

    it('stay in use until the lease runs out, although they could not be renewed', async () => {
      const { authority, open, request, committed } = setting(budget());
      const [here, there] = [await open('a'), await open('b')];
      await here.hold(request(AMOUNT));
      const leased = committed();
      expect(here.tryHold(request(AMOUNT, { monotonicMs: 16_500 }))).not.toBeNull();
      authority.fault = fault;
      for (const monotonicMs of [17_000, 18_000, 19_000]) await here.tend({ epochMs: NOON, monotonicMs });
      expect(here.tryHold(request(AMOUNT, { monotonicMs: 30_999 }))).not.toBeNull();
      expect(here.tryHold(request(AMOUNT, { monotonicMs: 31_000 }))).toBeNull();
      authority.fault = 'none';
      await expect(there.hold(request(USD - leased))).resolves.toBeDefined();
      expect(committed()).toBe(USD);
    });

    it('stay in use when a lease for more failed', async () => {
      const { authority, open, request, committed } = setting(budget());
      const [here, there] = [await open('a'), await open('b')];
      await here.hold(request(AMOUNT));
      authority.fault = fault;
      await refusalOf(here.hold(request(USD / 2n)));
      await here.tend({ epochMs: NOON, monotonicMs: 2_000 });
      for (let turn = 0; turn < 4; turn++) expect(here.tryHold(request(AMOUNT))).not.toBeNull();
      expect(here.tryHold(request(AMOUNT))).toBeNull();
      authority.fault = 'none';
      await refusalOf(there.hold(request(USD - 5n * AMOUNT + 1n)));
      await expect(there.hold(request(USD - 5n * AMOUNT))).resolves.toBeDefined();
      expect(committed()).toBe(USD);
    });

    it('stay in use although they had been idle and were to go back', async () => {
      const { authority, open, request, committed } = setting(budget());
      const book = await open('a');
      await book.hold(request(AMOUNT));
      authority.fault = fault;
      for (const monotonicMs of [15_000, 16_000]) await book.tend({ epochMs: NOON, monotonicMs });
      expect(book.tryHold(request(AMOUNT, { monotonicMs: 16_000 }))).not.toBeNull();
      authority.fault = 'none';
      await book.tend({ epochMs: NOON, monotonicMs: 26_000 });
      expect(committed()).toBe(2n * AMOUNT);
    });
  });

  it('that could not go back are given back the next time', async () => {
    const { authority, open, request, committed } = setting(budget());
    const book = await open('a');
    book.void(await book.hold(request(USD)));
    authority.fault = 'unreachable';
    await book.tend({ epochMs: NOON, monotonicMs: 20_000 });
    expect(committed()).toBe(USD);
    authority.fault = 'none';
    await book.tend({ epochMs: NOON, monotonicMs: 20_000 });
    expect(committed()).toBe(0n);
  });
});

describe('closing and restoring', () => {
  it('refuses new holds, gives back what is free, and still settles', async () => {
    const { open, request, committed } = setting(budget());
    const book = await open('a');
    const hold = await book.hold(request(USD / 4n));
    await book.close();
    expect(committed()).toBe(USD / 4n);
    expect(book.tryHold(request(0n))).toBeNull();
    await expect(book.hold(request(1n))).rejects.toMatchObject({ code: 'shutting_down', status: 503 });
    expect(book.settle(hold, 1n)).toEqual({ state: 'settled', amountNanoUsd: 1n });
  });

  it('tells the authority what the journal says, and keeps nothing held', async () => {
    const { authority, open, request, committed } = setting(budget());
    const book = await open('a');
    book.settle(await book.hold(request(USD / 2n)), 100n);
    await book.hold(request(USD / 4n));
    expect(committed()).toBe(USD);
    const key = { budgetId: 'b-key', period: TODAY };
    const next = await open('a', [
      { ...key, usedNanoUsd: 100n },
      { ...key, usedNanoUsd: USD / 4n },
    ]);
    expect(authority.standingOf(key)).toMatchObject({
      committedNanoUsd: 100n + USD / 4n,
      usedNanoUsd: 100n + USD / 4n,
    });
    await expect(next.hold(request(USD - USD / 4n - 100n))).resolves.toBeDefined();
  });

  it('gives back slices that the journal has never heard of', async () => {
    const { open, request, committed } = setting(budget());
    const before = await open('a');
    await before.hold(request(USD / 2n));
    await open('a');
    expect(committed()).toBe(0n);
  });

  it('neither holds nor gives back before it is restored', async () => {
    const { authority, open, request, committed } = setting(budget());
    const [before, other] = [await open('a'), await open('b')];
    before.settle(await before.hold(request(USD)), USD);
    const next = new BudgetBook(authority, 'a');
    expect(next.tryHold(request(1n))).toBeNull();
    await expect(next.hold(request(1n))).rejects.toMatchObject({ code: 'not_ready', status: 503 });
    await expect(other.hold(request(1n))).rejects.toMatchObject({ code: 'budget_held' });
    expect(committed()).toBe(USD);
  });
});
