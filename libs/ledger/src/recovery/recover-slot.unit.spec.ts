import type { BudgetCharged, RequestRouted } from '#contracts';
import { eventId } from '#event-log';
import { routedRequest } from '../__fixtures__/routed-request.js';
import { BudgetBook } from '../budgets/budget-book.js';
import type { Budget } from '../budgets/budget.js';
import { MemorySliceAuthority } from '../slices/memory.slice-authority.js';
import { chargeAfterCrash } from '../charge-budget.js';
import { recoverSlot, type JournalFact } from './recover-slot.js';
import { checkpointOf, type SlotCheckpoint } from './slot-checkpoint.js';

const idOf = (number: number): string => `0198f000-0000-7000-8000-${String(number).padStart(12, '0')}`;
const budgets = [
  { budget_id: 'b-org', period: '2026-11' },
  { budget_id: 'b-key', period: '2026-11-21' },
];
const routed = (number: number, amount: string): RequestRouted =>
  routedRequest({ request_id: idOf(number), hold: { id: idOf(number + 100), amount_nano_usd: amount, budgets } });
const charged = (number: number, amount: string): BudgetCharged => ({
  ...chargeAfterCrash(routed(number, amount), { source: '/s', time: '', catalogueVersion: 'test' }).data,
});
const use = (amount: bigint) => [
  { budgetId: 'b-org', period: '2026-11', usedNanoUsd: amount },
  { budgetId: 'b-key', period: '2026-11-21', usedNanoUsd: amount },
];
const checkpoint = (sequence: number, amount: string, open: readonly string[] = []): SlotCheckpoint => ({
  sequence,
  used: budgets.map((account) => ({ ...account, used_nano_usd: amount })),
  open,
});

/** A journal of these facts; `find` looks at all of them, the scan begins where a test wants. */
function journalOf(facts: readonly (['RequestRouted', RequestRouted] | ['BudgetCharged', BudgetCharged])[]) {
  const all = facts.map(([type, data], index): JournalFact => ({ sequence: index + 1, type, data }));
  const from = async function* (first: number) {
    yield* all.slice(first - 1);
  };
  const find = async (ids: readonly string[]) =>
    all.filter(({ type, data }) => ids.includes(eventId((data as BudgetCharged).request_id, type, 0)));
  return { from, find };
}

describe('recovering a slot', () => {
  it('adds up what was charged and lists what is open', async () => {
    const { from, find } = journalOf([
      ['RequestRouted', routed(1, '50')],
      ['RequestRouted', routed(2, '60')],
      ['BudgetCharged', charged(1, '20')],
    ]);
    const recovered = await recoverSlot({ checkpoint: null, facts: from(1), find });
    expect(recovered.used).toEqual(use(20n));
    expect(recovered.open.map(({ request_id }) => request_id)).toEqual([idOf(2)]);
  });

  it('counts a charge once, however often the journal gives it', async () => {
    const { from, find } = journalOf([
      ['RequestRouted', routed(1, '50')],
      ['BudgetCharged', charged(1, '20')],
      ['BudgetCharged', charged(1, '20')],
      ['RequestRouted', routed(1, '50')],
    ]);
    expect(await recoverSlot({ checkpoint: null, facts: from(1), find })).toEqual({ used: use(20n), open: [] });
  });

  it('closes a request whose charge stands before it in the journal, or alone', async () => {
    const journal = journalOf([
      ['BudgetCharged', charged(1, '20')],
      ['RequestRouted', routed(1, '50')],
      ['BudgetCharged', charged(2, '60')],
    ]);
    const closed = { used: use(80n), open: [] };
    for (const known of [null, checkpoint(0, '0', [idOf(1), idOf(2)]), checkpoint(1, '0', [idOf(1)])]) {
      expect(await recoverSlot({ checkpoint: known, facts: journal.from(1), find: journal.find })).toEqual(closed);
    }
  });

  it('goes on from a checkpoint, wherever the scan begins', async () => {
    const journal = journalOf([
      ['RequestRouted', routed(1, '50')],
      ['BudgetCharged', charged(1, '20')],
      ['RequestRouted', routed(2, '60')],
      ['BudgetCharged', charged(2, '30')],
    ]);
    for (const first of [1, 2, 3]) {
      const facts = journal.from(first);
      const recovered = await recoverSlot({ checkpoint: checkpoint(2, '20'), facts, find: journal.find });
      expect(recovered).toEqual({ used: use(50n), open: [] });
    }
  });

  it('counts a request that was open at the checkpoint though its charge stands before it', async () => {
    const { from, find } = journalOf([
      ['RequestRouted', routed(1, '50')],
      ['BudgetCharged', charged(1, '20')],
    ]);
    const recovered = await recoverSlot({ checkpoint: checkpoint(2, '7', [idOf(1)]), facts: from(3), find });
    expect(recovered).toEqual({ used: use(27n), open: [] });
  });

  it('finds a request that was routed before the checkpoint and never charged', async () => {
    const { from, find } = journalOf([['RequestRouted', routed(1, '50')]]);
    const recovered = await recoverSlot({ checkpoint: checkpoint(1, '7', [idOf(1)]), facts: from(2), find });
    expect(recovered.used).toEqual(use(7n));
    expect(recovered.open).toHaveLength(1);
  });

  it('charges nothing for a hold whose request was never routed', async () => {
    const { from, find } = journalOf([]);
    const recovered = await recoverSlot({ checkpoint: checkpoint(0, '7', [idOf(1)]), facts: from(1), find });
    expect(recovered).toEqual({ used: use(7n), open: [] });
  });

  it('gives the same twice', async () => {
    const { from, find } = journalOf([
      ['RequestRouted', routed(1, '50')],
      ['BudgetCharged', charged(1, '20')],
      ['RequestRouted', routed(2, '60')],
    ]);
    const again = () => recoverSlot({ checkpoint: checkpoint(1, '0', [idOf(1)]), facts: from(2), find });
    expect(await again()).toEqual(await again());
  });
});

describe('a checkpoint', () => {
  it('survives JSON and holds what was used and which requests are open', async () => {
    const budget: Budget = {
      id: 'b-key',
      name: 'k',
      scope: 'key',
      scopeId: 'key_1',
      period: 'day',
      limitNanoUsd: 10n ** 24n,
    };
    const book = new BudgetBook(new MemorySliceAuthority(new Map([['b-key', budget.limitNanoUsd]])), 'slot-0');
    await book.restore([]);
    const hold = (requestId: string, amountNanoUsd: bigint) =>
      book.hold({
        holdId: requestId,
        requestId,
        budgets: [budget],
        amountNanoUsd,
        leastNanoUsd: amountNanoUsd,
        epochMs: Date.UTC(2026, 10, 21),
        monotonicMs: 0,
      });
    book.settle(await hold('r1', 10n ** 20n), 10n ** 20n + 1n);
    await hold('r2', 5n);
    const stored = JSON.parse(JSON.stringify(checkpointOf(book, 41))) as SlotCheckpoint;
    expect(stored).toEqual({
      sequence: 41,
      used: [{ budget_id: 'b-key', period: '2026-11-21', used_nano_usd: '100000000000000000001' }],
      open: ['r2'],
    });
    const nothing = async function* (): AsyncGenerator<JournalFact> {};
    const recovered = await recoverSlot({ checkpoint: stored, facts: nothing(), find: async () => [] });
    expect(recovered.used).toEqual([{ budgetId: 'b-key', period: '2026-11-21', usedNanoUsd: 10n ** 20n + 1n }]);
  });
});
