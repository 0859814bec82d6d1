import { BudgetCharged, RequestRouted } from '#contracts';
import { eventId } from '#event-log';
import type { AccountUse } from '../budgets/budget-book.js';
import type { AccountKey } from '../budgets/budget.js';
import { chargedNanoUsd } from '../charge-budget.js';
import { usedAtCheckpoint, type SlotCheckpoint } from './slot-checkpoint.js';

/** A fact as the slot's journal has it; `data` has been checked against its schema. */
export interface JournalFact {
  readonly sequence: number;
  readonly type: string;
  readonly data: unknown;
}

/** The journal of a slot whose process is gone. */
export interface SlotJournal {
  /** Null before the first one was written. */
  readonly checkpoint: SlotCheckpoint | null;
  /** RequestRouted and BudgetCharged in their order, from after the checkpoint's sequence at the latest. */
  readonly facts: AsyncIterable<JournalFact>;
  /** Facts by event id, wherever they stand in the journal. */
  readonly find: (eventIds: readonly string[]) => Promise<readonly JournalFact[]>;
}

/** What a slot left behind. */
export interface RecoveredSlot {
  /** Everything charged so far, account by account. */
  readonly used: readonly AccountUse[];
  /** Requests without a charge. Each is closed with chargeAfterCrash, and what that takes is used, too. */
  readonly open: readonly RequestRouted[];
}

/**
 * Reads from its journal what a slot had used and what it left open. Every charge counts exactly once, however often
 * this runs and wherever the process was killed: a hold without RequestRouted leaves no trace and costs nothing, a
 * request without BudgetCharged is open, and a BudgetCharged counts by its request, not by how often it is met.
 */
export async function recoverSlot({ checkpoint, facts, find }: SlotJournal): Promise<RecoveredSlot> {
  const uses = new Uses(checkpoint === null ? [] : usedAtCheckpoint(checkpoint));
  const open = new Map<string, RequestRouted>();
  const charged = new Set<string>();
  const take = ({ type, data }: JournalFact): void => {
    if (type === RequestRouted.type) {
      const routed = data as RequestRouted;
      if (!charged.has(routed.request_id)) open.set(routed.request_id, routed);
    } else if (type === BudgetCharged.type) {
      const charge = data as BudgetCharged;
      if (charged.has(charge.request_id)) return;
      charged.add(charge.request_id);
      open.delete(charge.request_id);
      uses.add(charge);
    }
  };
  // Their facts may stand before the checkpoint's sequence, after it, or nowhere.
  const eventIds = (checkpoint?.open ?? []).flatMap((requestId) => [
    eventId(requestId, RequestRouted.type, 0),
    eventId(requestId, BudgetCharged.type, 0),
  ]);
  if (eventIds.length > 0) (await find(eventIds)).forEach(take);
  for await (const fact of facts) if (fact.sequence > (checkpoint?.sequence ?? 0)) take(fact);
  return { used: uses.list(), open: [...open.values()] };
}

/** Sums by account. */
class Uses {
  private readonly sums = new Map<string, AccountUse>();

  constructor(used: readonly AccountUse[]) {
    for (const { budgetId, period, usedNanoUsd } of used) this.book({ budgetId, period }, usedNanoUsd);
  }

  add(charge: BudgetCharged): void {
    const amount = chargedNanoUsd(charge);
    for (const { budget_id, period } of charge.budgets) this.book({ budgetId: budget_id, period }, amount);
  }

  list(): readonly AccountUse[] {
    return [...this.sums.values()];
  }

  private book(account: AccountKey, amountNanoUsd: bigint): void {
    const key = `${account.budgetId}/${account.period}`;
    const usedNanoUsd = (this.sums.get(key)?.usedNanoUsd ?? 0n) + amountNanoUsd;
    this.sums.set(key, { ...account, usedNanoUsd });
  }
}
