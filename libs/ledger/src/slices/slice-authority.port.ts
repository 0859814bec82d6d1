import type { AccountKey } from '../budgets/budget.js';

/** What the authority has for one slot and one account. */
export interface Slice {
  /** Granted and not returned: counts as spent for everybody else. */
  readonly committedNanoUsd: bigint;
  /** As the slot last reported it. */
  readonly usedNanoUsd: bigint;
  /** Counts the changes; 0 for a slice that does not exist yet. */
  readonly revision: number;
}

/** What the authority has for one account: sums over its slices. */
export interface AccountStanding {
  /** 0 for a budget that is no more. */
  readonly limitNanoUsd: bigint;
  readonly committedNanoUsd: bigint;
  readonly usedNanoUsd: bigint;
}

/** What a slot says of itself with every call. */
export interface SliceClaim extends AccountKey {
  readonly slot: string;
  /** The revision it knows. Another one at the authority means that a reply was lost: nothing is changed then. */
  readonly revision: number;
  /** All that the slot has charged in this period, not a difference: saying it twice does no harm. */
  readonly usedNanoUsd: bigint;
}

export interface LeaseRequest extends SliceClaim {
  /** As much of this as there is … */
  readonly wantNanoUsd: bigint;
  /** … but nothing if there is less than this. With 0 it is never refused: that renews a lease. */
  readonly minNanoUsd: bigint;
}

export interface SliceReport extends SliceClaim {
  /** What the slice is from now on. Less gives money back; more books an overrun, whatever the limit. */
  readonly committedNanoUsd: bigint;
}

export type LeaseAnswer =
  | { readonly outcome: 'granted' | 'refused'; readonly slice: Slice; readonly account: AccountStanding }
  | { readonly outcome: 'stale'; readonly slice: Slice };

/** How long the holders of idle money have to give it back before a request is refused. */
export const RECALL_MS = 500;

/**
 * Who may spend how much. A slot is the durable identity of a replica; its slices live as long as its journal.
 *
 * Invariants: `committed(account)` = Σ committed over its slices, and no lease ever takes it above the limit, whatever
 * runs at the same time; `revision` grows by one with every change, and a claim with another revision changes nothing.
 * A call that rejects may have been done; the revision tells the next one.
 */
export abstract class SliceAuthority {
  /** Adds to a slice, `refused` when the limit leaves less than the minimum. Books the reported use in any case. */
  abstract lease(request: LeaseRequest): Promise<LeaseAnswer>;
  /** Sets a slice. Never `refused`: a slot knows best what it has spent. */
  abstract report(report: SliceReport): Promise<LeaseAnswer>;
  /** Asks all other slots for idle money. Resolves once they have reported, after RECALL_MS at the latest. */
  abstract recall(claim: AccountKey & { readonly slot: string }): Promise<void>;
  /** Slices of a slot. Those that are used up and whose period has been over for two days may be left out. */
  abstract slicesOf(slot: string): Promise<readonly (AccountKey & Slice)[]>;
  /** Calls back whenever another slot waits for money of an account. Returns how to stop that. */
  abstract watchRecalls(slot: string, listener: (account: AccountKey) => Promise<void>): () => void;
}
