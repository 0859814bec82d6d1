import type { AccountUse, BudgetBook } from '../budgets/budget-book.js';

/** Where recovery may begin instead of at the journal's first event. JSON, to be stored under a mark of the journal. */
export interface SlotCheckpoint {
  /** Everything up to here is in `used`, or belongs to a request in `open`. */
  readonly sequence: number;
  readonly used: readonly { readonly budget_id: string; readonly period: string; readonly used_nano_usd: string }[];
  /** Requests that held something: how far their facts had come is asked of the journal, by event id. */
  readonly open: readonly string[];
}

/**
 * The checkpoint of a book, now. `lastSequence` is the journal's last durable one, read in this turn of the event loop:
 * a request is in the book before its first fact is appended, and settled only after its last one is durable, so
 * whatever stands at or before that sequence is settled in the book or open in it.
 */
export const checkpointOf = (book: BudgetBook, lastSequence: number): SlotCheckpoint => ({
  sequence: lastSequence,
  used: book.snapshot().accounts.map(({ budgetId, period, usedNanoUsd }) => ({
    budget_id: budgetId,
    period,
    used_nano_usd: usedNanoUsd.toString(),
  })),
  open: book.openRequestIds,
});

/** What a checkpoint says was used. */
export const usedAtCheckpoint = ({ used }: SlotCheckpoint): readonly AccountUse[] =>
  used.map(({ budget_id, period, used_nano_usd }) => ({
    budgetId: budget_id,
    period,
    usedNanoUsd: BigInt(used_nano_usd),
  }));
