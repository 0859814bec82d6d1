import type { AccountKey } from '../budgets/budget.js';
import { RECALL_MS, type SliceAuthority, type SliceClaim } from './slice-authority.port.js';

/** An authority with budgets that a test may set. */
export interface AuthorityUnderTest {
  readonly authority: SliceAuthority;
  /** Creates a budget, or changes its limit. */
  setLimit(budgetId: string, limitNanoUsd: bigint): Promise<void>;
  /** From now on the budget no longer counts. */
  retire(budgetId: string): Promise<void>;
  close(): Promise<void>;
}

const PERIOD = '2999-01';
const account: AccountKey = { budgetId: 'team-budget', period: PERIOD };
const LIMIT = 1_000n;

/** What every authority must do, whatever it keeps its slices in. */
export function describeSliceAuthority(name: string, open: () => Promise<AuthorityUnderTest>): void {
  describe(name, () => {
    let subject: AuthorityUnderTest;
    let authority: SliceAuthority;
    beforeEach(async () => {
      subject = await open();
      ({ authority } = subject);
      await subject.setLimit(account.budgetId, LIMIT);
    });
    afterEach(() => subject.close());

    const claim = (slot: string, revision: number, usedNanoUsd = 0n): SliceClaim => ({
      ...account,
      slot,
      revision,
      usedNanoUsd,
    });
    const lease = (made: SliceClaim, wantNanoUsd: bigint, minNanoUsd = wantNanoUsd) =>
      authority.lease({ ...made, wantNanoUsd, minNanoUsd });
    const report = (made: SliceClaim, committedNanoUsd: bigint) => authority.report({ ...made, committedNanoUsd });
    /** What the other slots may still lease. */
    const left = async (): Promise<bigint> => {
      const answer = await lease({ ...claim('observer', 0) }, 0n);
      if (answer.outcome === 'stale') throw new Error('the observer leases only once');
      return answer.account.limitNanoUsd - answer.account.committedNanoUsd;
    };

    it('grants what is wanted, and says what the slice and the account are then', async () => {
      expect(await lease(claim('a', 0), 300n)).toMatchObject({
        outcome: 'granted',
        slice: { committedNanoUsd: 300n, usedNanoUsd: 0n, revision: 1 },
        account: { limitNanoUsd: LIMIT, committedNanoUsd: 300n, usedNanoUsd: 0n },
      });
      expect(await lease(claim('b', 0), 700n)).toMatchObject({
        outcome: 'granted',
        slice: { committedNanoUsd: 700n, revision: 1 },
        account: { committedNanoUsd: 1_000n },
      });
    });

    it('adds up leases of one slot', async () => {
      await lease(claim('a', 0), 300n);
      expect(await lease(claim('a', 1), 200n)).toMatchObject({ slice: { committedNanoUsd: 500n, revision: 2 } });
    });

    it('grants what is left if that is not less than the minimum', async () => {
      await lease(claim('a', 0), 900n);
      expect(await lease(claim('b', 0), 300n, 100n)).toMatchObject({
        outcome: 'granted',
        slice: { committedNanoUsd: 100n },
      });
    });

    it('refuses when less than the minimum is left, and books the use all the same', async () => {
      await lease(claim('a', 0), 900n);
      expect(await lease(claim('b', 0), 300n, 101n)).toMatchObject({
        outcome: 'refused',
        slice: { committedNanoUsd: 0n, usedNanoUsd: 0n, revision: 1 },
        account: { limitNanoUsd: LIMIT, committedNanoUsd: 900n, usedNanoUsd: 0n },
      });
      expect(await lease(claim('a', 1, 850n), 300n)).toMatchObject({
        outcome: 'refused',
        slice: { committedNanoUsd: 900n, usedNanoUsd: 850n },
        account: { usedNanoUsd: 850n },
      });
    });

    it('never refuses a minimum of nothing, not even beyond the limit', async () => {
      await report(claim('a', 0, 1_200n), 1_200n);
      expect(await lease(claim('a', 1, 1_200n), 10n, 0n)).toMatchObject({
        outcome: 'granted',
        slice: { committedNanoUsd: 1_200n, revision: 2 },
      });
    });

    it('grants no more than the limit to any number of slots at once', async () => {
      const slots = Array.from({ length: 40 }, (_, index) => `slot-${index}`);
      const answers = await Promise.all(slots.map((slot) => lease(claim(slot, 0), 30n)));
      const granted = answers.filter(({ outcome }) => outcome === 'granted');
      expect(granted).toHaveLength(33);
      expect(await left()).toBe(10n);
    });

    it('takes money back', async () => {
      await lease(claim('a', 0), 1_000n);
      expect(await report(claim('a', 1, 250n), 400n)).toMatchObject({
        outcome: 'granted',
        slice: { committedNanoUsd: 400n, usedNanoUsd: 250n, revision: 2 },
        account: { limitNanoUsd: LIMIT, committedNanoUsd: 400n, usedNanoUsd: 250n },
      });
      expect(await left()).toBe(600n);
    });

    it('books an overrun, whatever the limit', async () => {
      await lease(claim('a', 0), 1_000n);
      expect(await report(claim('a', 1, 1_100n), 1_100n)).toMatchObject({
        account: { committedNanoUsd: 1_100n, usedNanoUsd: 1_100n },
      });
      expect(await lease(claim('b', 0), 1n)).toMatchObject({ outcome: 'refused' });
    });

    it('changes nothing for a claim of another revision, and says what there is', async () => {
      await lease(claim('a', 0), 300n);
      const stale = { outcome: 'stale', slice: { committedNanoUsd: 300n, usedNanoUsd: 0n, revision: 1 } };
      expect(await lease(claim('a', 0), 300n)).toMatchObject(stale);
      expect(await report(claim('a', 0), 0n)).toMatchObject(stale);
      expect(await report(claim('a', 7), 0n)).toMatchObject(stale);
      expect(await left()).toBe(700n);
    });

    it('keeps accounts of different periods apart', async () => {
      await lease(claim('a', 0), 1_000n);
      const next = await authority.lease({ ...claim('a', 0), period: '2999-02', wantNanoUsd: 900n, minNanoUsd: 900n });
      expect(next).toMatchObject({ outcome: 'granted', account: { committedNanoUsd: 900n } });
    });

    it('follows a limit that changes', async () => {
      await lease(claim('a', 0), 1_000n);
      await subject.setLimit(account.budgetId, 400n);
      expect(await lease(claim('b', 0), 1n)).toMatchObject({ outcome: 'refused', account: { limitNanoUsd: 400n } });
      await subject.setLimit(account.budgetId, 1_500n);
      expect(await lease(claim('b', 1), 500n)).toMatchObject({ outcome: 'granted' });
    });

    it('leases nothing more of a budget that is no more, and takes back what is out', async () => {
      await lease(claim('a', 0), 300n);
      await subject.retire(account.budgetId);
      const gone = { limitNanoUsd: 0n, committedNanoUsd: 300n };
      expect(await lease(claim('b', 0), 1n)).toMatchObject({ outcome: 'refused', account: gone });
      expect(await lease(claim('a', 1, 20n), 10n, 0n)).toMatchObject({ outcome: 'granted', account: gone });
      expect(await report(claim('a', 2, 20n), 20n)).toMatchObject({
        account: { limitNanoUsd: 0n, committedNanoUsd: 20n, usedNanoUsd: 20n },
      });
    });

    it('lists the slices of a slot', async () => {
      await lease(claim('a', 0), 300n);
      await lease(claim('b', 0), 200n);
      await report(claim('a', 1, 120n), 120n);
      expect(await authority.slicesOf('a')).toEqual([
        expect.objectContaining({ ...account, committedNanoUsd: 120n, usedNanoUsd: 120n, revision: 2 }),
      ]);
      expect(await authority.slicesOf('nobody')).toEqual([]);
    });

    it('lists what is not used up, however long its period is over', async () => {
      for (const [period, used] of [
        ['2001-01-01', 50n],
        ['2001-01', 50n],
        ['2001-02', 10n],
        ['total', 50n],
      ] as const) {
        const old = { ...claim('a', 0, used), period };
        await authority.report({ ...old, committedNanoUsd: 50n });
      }
      const listed = (await authority.slicesOf('a')).map(({ period }) => period);
      expect(listed).toEqual(expect.arrayContaining(['2001-02', 'total']));
    });

    it('lets the other slots give back before a recall ends', async () => {
      await lease(claim('a', 0), 1_000n);
      const asked: AccountKey[] = [];
      authority.watchRecalls('a', async (recalled) => {
        asked.push(recalled);
        await report(claim('a', 1, 40n), 40n);
      });
      authority.watchRecalls('b', async () => {
        throw new Error('who asks is not asked');
      });
      await authority.recall({ ...account, slot: 'b' });
      expect(asked).toEqual([account]);
      expect(await lease(claim('b', 0), 960n)).toMatchObject({ outcome: 'granted' });
    });

    it(
      'ends a recall that nobody answers',
      async () => {
        await lease(claim('dead', 0), 1_000n);
        const stop = authority.watchRecalls('a', async () => {
          throw new Error('has stopped watching');
        });
        stop();
        await authority.recall({ ...account, slot: 'b' });
        expect(await lease(claim('b', 0), 1n)).toMatchObject({ outcome: 'refused' });
      },
      20 * RECALL_MS,
    );
  });
}
