import {
  BudgetBook,
  type Hold,
  type HoldOutcome,
  type LeaseAnswer,
  type LeaseRequest,
  type SliceReport,
} from '#ledger';
import type { Wiring } from '../replica/wiring.js';
import { AuthorityServer } from '../world/authority.js';
import type { Ask } from '../world/ask.js';

/** A hold whose caller has gone is never ended. */
class LeakingBook extends BudgetBook {
  asks: ReadonlyMap<string, Ask> = new Map();

  override settle(hold: Hold, amountNanoUsd: bigint): HoldOutcome {
    const isGone = this.asks.get(hold.requestId)?.response.destroyed === true;
    if (isGone && hold.outcome === null) return { state: 'settled', amountNanoUsd };
    return super.settle(hold, amountNanoUsd);
  }
}

export const reservationLeak: Partial<Wiring> = {
  book: ({ authority, slot, asks }) => Object.assign(new LeakingBook(authority, slot), { asks }),
};

/** Settles a race for each of its providers, forgetting that the hold is over. */
class ForgetfulBook extends BudgetBook {
  asks: ReadonlyMap<string, Ask> = new Map();

  override settle(hold: Hold, amountNanoUsd: bigint): HoldOutcome {
    const outcome = super.settle(hold, amountNanoUsd);
    const ask = this.asks.get(hold.requestId);
    if (ask === undefined || ask.losers.length === 0) return outcome;
    ask.losers.length = 0;
    hold.outcome = null;
    return super.settle(hold, amountNanoUsd);
  }
}

export const doubleSettle: Partial<Wiring> = {
  book: ({ authority, slot, asks }) => Object.assign(new ForgetfulBook(authority, slot), { asks }),
};

/** Accounts without a period, set to nothing by whoever sees the new one first. */
class ResettingAuthority extends AuthorityServer {
  private readonly windows = new Map<string, { period: string }>();

  override lease(request: LeaseRequest): Promise<LeaseAnswer> {
    return super.lease(this.inWindow(request));
  }

  override report(report: SliceReport): Promise<LeaseAnswer> {
    return super.report(this.inWindow(report));
  }

  /** What is said of a window that is over is booked in the new one. */
  private inWindow<Claim extends SliceReport | LeaseRequest>(claim: Claim): Claim {
    const { budgetId, period } = claim;
    const window = this.windows.get(budgetId) ?? { period };
    if (period > window.period) window.period = period;
    this.windows.set(budgetId, window);
    return { ...claim, period: window.period };
  }
}

export const windowResetRace: Partial<Wiring> = { authority: (limits) => new ResettingAuthority(limits) };

/** Believes every claim, however old the slice that it is made from. */
class CredulousAuthority extends AuthorityServer {
  override async lease(request: LeaseRequest): Promise<LeaseAnswer> {
    return super.lease(await this.renewed(request));
  }

  override async report(report: SliceReport): Promise<LeaseAnswer> {
    return super.report(await this.renewed(report));
  }

  private async renewed<Claim extends SliceReport | LeaseRequest>(claim: Claim): Promise<Claim> {
    const slices = await this.slicesOf(claim.slot);
    const slice = slices.find(({ budgetId, period }) => budgetId === claim.budgetId && period === claim.period);
    return { ...claim, revision: slice?.revision ?? 0 };
  }
}

export const staleSlice: Partial<Wiring> = { authority: (limits) => new CredulousAuthority(limits) };
