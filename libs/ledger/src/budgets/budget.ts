/** What a budget limits, in the order in which budgets are asked: the widest first. */
export const BUDGET_SCOPES = ['org', 'project', 'team', 'user', 'key'] as const;
export type BudgetScope = (typeof BUDGET_SCOPES)[number];

export type BudgetPeriod = 'day' | 'month' | 'total';

/** A hard ceiling on what a scope may spend in a period. */
export interface Budget {
  readonly id: string;
  /** As the operator named it: callers are told which budget refuses them. */
  readonly name: string;
  readonly scope: BudgetScope;
  readonly scopeId: string;
  readonly period: BudgetPeriod;
  readonly limitNanoUsd: bigint;
}

/** One budget in one period: what money is booked to. */
export interface AccountKey {
  readonly budgetId: string;
  /** See periodKey. */
  readonly period: string;
}

/**
 * The period that a moment falls in, by UTC: `2026-11-21`, `2026-11` or `total`. It is part of the account's key, so a
 * new period begins at nothing without anybody resetting anything. Keys of one kind sort by time, `total` after all.
 */
export function periodKey(period: BudgetPeriod, epochMs: number): string {
  if (period === 'total') return 'total';
  const day = dayOf(epochMs);
  return period === 'day' ? day : day.slice(0, 7);
}

const DAY_MS = 24 * 3_600_000;
/** Nearly all requests fall in the day of the one before: a date is written once a day instead of thrice a request. */
let lastDay = { fromMs: 0, text: '1970-01-01' };

function dayOf(epochMs: number): string {
  const since = epochMs - lastDay.fromMs;
  if (since < 0 || since >= DAY_MS) {
    const text = new Date(epochMs).toISOString().slice(0, 10);
    lastDay = { fromMs: Date.parse(text), text };
  }
  return lastDay.text;
}
