import type { AccountKey } from '../budgets/budget.js';
import {
  SliceAuthority,
  type AccountStanding,
  type LeaseRequest,
  type Slice,
  type LeaseAnswer,
  type SliceClaim,
  type SliceReport,
} from './slice-authority.port.js';

const NO_SLICE: Slice = { committedNanoUsd: 0n, usedNanoUsd: 0n, revision: 0 };

/** The authority of one process: for tests, and for the simulator of several replicas. */
export class MemorySliceAuthority extends SliceAuthority {
  private readonly slices = new Map<string, AccountKey & Slice & { readonly slot: string }>();
  private readonly listeners = new Map<string, (account: AccountKey) => Promise<void>>();

  /** Limits by budget id; the map is read at every call, so that a limit can be changed. */
  constructor(private readonly limits: ReadonlyMap<string, bigint>) {
    super();
  }

  lease(request: LeaseRequest): Promise<LeaseAnswer> {
    const slice = this.find(request);
    if (slice.revision !== request.revision) return Promise.resolve({ outcome: 'stale', slice });
    const { limitNanoUsd, committedNanoUsd } = this.standingOf(request);
    const left = limitNanoUsd - committedNanoUsd;
    const available = left > 0n ? left : 0n;
    const granted = available < request.wantNanoUsd ? available : request.wantNanoUsd;
    const refused = granted < request.minNanoUsd;
    return this.write(request, slice.committedNanoUsd + (refused ? 0n : granted), refused ? 'refused' : 'granted');
  }

  report(report: SliceReport): Promise<LeaseAnswer> {
    const slice = this.find(report);
    if (slice.revision !== report.revision) return Promise.resolve({ outcome: 'stale', slice });
    return this.write(report, report.committedNanoUsd, 'granted');
  }

  async recall({ budgetId, period, slot }: AccountKey & { readonly slot: string }): Promise<void> {
    const asked = [...this.slices.values()]
      .filter((slice) => slice.budgetId === budgetId && slice.period === period && slice.slot !== slot)
      .filter(({ committedNanoUsd, usedNanoUsd }) => committedNanoUsd > usedNanoUsd)
      .map((slice) => this.listeners.get(slice.slot)?.({ budgetId, period }) ?? Promise.resolve());
    await Promise.all(asked);
  }

  slicesOf(slot: string): Promise<readonly (AccountKey & Slice)[]> {
    return Promise.resolve([...this.slices.values()].filter((slice) => slice.slot === slot));
  }

  watchRecalls(slot: string, listener: (account: AccountKey) => Promise<void>): () => void {
    this.listeners.set(slot, listener);
    return () => {
      if (this.listeners.get(slot) === listener) this.listeners.delete(slot);
    };
  }

  /** Sums over the slices of an account. A budget that is no more has nothing left to lease. */
  standingOf({ budgetId, period }: AccountKey): AccountStanding {
    const limitNanoUsd = this.limits.get(budgetId) ?? 0n;
    let [committedNanoUsd, usedNanoUsd] = [0n, 0n];
    for (const slice of this.slices.values()) {
      if (slice.budgetId !== budgetId || slice.period !== period) continue;
      committedNanoUsd += slice.committedNanoUsd;
      usedNanoUsd += slice.usedNanoUsd;
    }
    return { limitNanoUsd, committedNanoUsd, usedNanoUsd };
  }

  private find(claim: SliceClaim): Slice {
    return this.slices.get(keyOf(claim)) ?? NO_SLICE;
  }

  private write(claim: SliceClaim, committedNanoUsd: bigint, outcome: 'granted' | 'refused'): Promise<LeaseAnswer> {
    const { budgetId, period, slot, usedNanoUsd } = claim;
    const slice = { budgetId, period, slot, committedNanoUsd, usedNanoUsd, revision: claim.revision + 1 };
    this.slices.set(keyOf(claim), slice);
    return Promise.resolve({ outcome, slice, account: this.standingOf(claim) });
  }
}

const keyOf = ({ budgetId, period, slot }: SliceClaim): string => JSON.stringify([budgetId, period, slot]);
