import { LEASE_MS, type Account } from './account.js';
import { periodKey } from '../budgets/budget.js';

/** Two readings of one moment: the calendar decides periods, the monotonic clock decides how long something lasted. */
export interface Moment {
  readonly epochMs: number;
  readonly monotonicMs: number;
}

/** Money that nobody has held for this long goes back. */
const IDLE_MS = 10_000;
/** So long is an account of an ended period kept: no clock is set back further. */
const KEPT_MS = 2 * 24 * 3_600_000;

/** Keys of the periods that a moment falls in. */
const calendarAt = (epochMs: number) => ({ day: periodKey('day', epochMs), month: periodKey('month', epochMs) });
type Calendar = ReturnType<typeof calendarAt>;

/** A moment, worked out once for all accounts. */
export const nowIn = ({ epochMs, monotonicMs }: Moment) => ({
  today: calendarAt(epochMs),
  oldestKept: calendarAt(epochMs - KEPT_MS),
  monotonicMs,
});
type Now = ReturnType<typeof nowIn>;

/**
 * What the authority should hear of an account now: that money goes back, or that a lease goes on. Null: nothing. After
 * a call that failed it is asked what it has, and no more than that: what was leased stays in use meanwhile.
 */
export function dueReport(
  account: Account,
  { today, monotonicMs }: Now,
): { readonly keep?: boolean; readonly monotonicMs?: number } | null {
  const { standing, freeNanoUsd } = account;
  const idle = monotonicMs - account.lastHoldMs >= IDLE_MS || isOver(account, today);
  const overLimit = standing !== null && standing.committedNanoUsd > standing.limitNanoUsd;
  const unreported = account.reportedUsedNanoUsd !== account.usedNanoUsd;
  const surplus = freeNanoUsd > 0n && (idle || overLimit);
  if (surplus || freeNanoUsd < 0n || (idle && unreported)) return {};
  const isEnding = freeNanoUsd > 0n && account.leasedUntilMs - monotonicMs < LEASE_MS >> 1;
  return account.unsure || isEnding ? { keep: true, monotonicMs } : null;
}

/** Nothing more can happen to it, and the authority knows all about it. */
export const isForgettable = (account: Account, { oldestKept }: Now): boolean =>
  account.openHolds === 0 &&
  account.freeNanoUsd === 0n &&
  account.reportedUsedNanoUsd === account.usedNanoUsd &&
  !account.unsure &&
  isOver(account, oldestKept);

/** Keys of one kind are of one length and sort by time; `total` sorts after every date. */
const isOver = ({ key: { period } }: Account, { day, month }: Calendar): boolean =>
  period < (period.length === month.length ? month : day);
