import type { AccountKey } from '../budgets/budget.js';
import type { AccountStanding, Slice } from './slice-authority.port.js';

/** Nobody may hold against a slice for longer than this without a word from the authority. */
export const LEASE_MS = 30_000;

/**
 * One budget in one period as this slot sees it. `slice` = `used` + `held` + `free`; only `free` can be held or given
 * back, and it is negative after an overrun until the authority has booked that.
 */
export class Account {
  sliceNanoUsd = 0n;
  /** All that this slot has charged in the period. */
  usedNanoUsd = 0n;
  heldNanoUsd = 0n;
  openHolds = 0;
  /** Moving average of the amounts held. */
  typicalHoldNanoUsd = 0n;
  /** Monotonic time of the last hold. */
  lastHoldMs: number;
  /** Monotonic time from which on no new hold may be made. */
  leasedUntilMs = Number.NEGATIVE_INFINITY;
  revision = 0;
  reportedUsedNanoUsd = 0n;
  /** What the authority last said of all slots together. */
  standing: AccountStanding | null = null;
  /** A call to the authority failed: whether it was done is unknown. */
  unsure = false;
  /** The authority has been heard, or the journal has told what was used: `used` is all there is. */
  known = false;
  /** Calls to the authority run one after the other. */
  turn: Promise<unknown> = Promise.resolve();

  constructor(
    readonly key: AccountKey,
    createdMs: number,
  ) {
    this.lastHoldMs = createdMs;
  }

  get freeNanoUsd(): bigint {
    return this.sliceNanoUsd - this.usedNanoUsd - this.heldNanoUsd;
  }

  /** What a new hold may take now: nothing once the lease has run out. */
  spendableNanoUsd(monotonicMs: number): bigint {
    return monotonicMs < this.leasedUntilMs ? this.freeNanoUsd : 0n;
  }

  /** What all slots together have used, as far as this one knows. */
  get usedEverywhereNanoUsd(): bigint {
    return (this.standing?.usedNanoUsd ?? this.reportedUsedNanoUsd) + this.usedNanoUsd - this.reportedUsedNanoUsd;
  }

  hold(amountNanoUsd: bigint, monotonicMs: number): void {
    this.heldNanoUsd += amountNanoUsd;
    this.openHolds += 1;
    this.lastHoldMs = monotonicMs;
    this.typicalHoldNanoUsd =
      this.typicalHoldNanoUsd === 0n ? amountNanoUsd : (this.typicalHoldNanoUsd * 7n + amountNanoUsd) / 8n;
  }

  release(heldNanoUsd: bigint, usedNanoUsd: bigint): void {
    this.heldNanoUsd -= heldNanoUsd;
    this.usedNanoUsd += usedNanoUsd;
    this.openHolds -= 1;
  }

  /** Takes over what the authority has, after a call or because one was lost. */
  adopt(slice: Slice): void {
    if (!this.known) this.usedNanoUsd += slice.usedNanoUsd;
    this.known = true;
    this.unsure = false;
    this.sliceNanoUsd = slice.committedNanoUsd;
    this.revision = slice.revision;
    this.reportedUsedNanoUsd = slice.usedNanoUsd;
  }
}
