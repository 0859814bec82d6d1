import type { Account } from '../slices/account.js';
import type { AccountKey, Budget } from './budget.js';

/** What a request wants to set aside. */
export interface HoldRequest {
  /** A UUID; becomes `hold.id` of RequestRouted. */
  readonly holdId: string;
  readonly requestId: string;
  /** From BudgetTree.above. */
  readonly budgets: readonly Budget[];
  readonly amountNanoUsd: bigint;
  /** If there is not the whole amount, hold less, but not less than this. */
  readonly leastNanoUsd: bigint;
  /** Decides the period. */
  readonly epochMs: number;
  /** Decides whether a lease has run out. */
  readonly monotonicMs: number;
}

/** How a hold ended. */
export interface HoldOutcome {
  readonly state: 'settled' | 'voided';
  readonly amountNanoUsd: bigint;
}

/** Money set aside for one request in every budget above it, until it is settled or voided. */
export class Hold {
  readonly id: string;
  readonly requestId: string;
  /** Null while it is open. Only the book ends a hold. */
  outcome: HoldOutcome | null = null;

  constructor(
    { holdId, requestId }: HoldRequest,
    readonly amountNanoUsd: bigint,
    readonly accounts: readonly Account[],
  ) {
    this.id = holdId;
    this.requestId = requestId;
  }

  /** The accounts that wait for the charge. */
  get budgets(): readonly AccountKey[] {
    return this.accounts.map(({ key }) => key);
  }
}
