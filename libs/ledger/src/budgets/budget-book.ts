import { GatewayError } from '#contracts';
import { Account } from '../slices/account.js';
import { budgetRefusal } from './budget-refusal.js';
import { periodKey, type AccountKey, type Budget } from './budget.js';
import { Hold, type HoldOutcome, type HoldRequest } from './hold.js';
import type { SliceAuthority } from '../slices/slice-authority.port.js';
import { SliceKeeper } from '../slices/slice-keeper.js';
import { dueReport, isForgettable, nowIn, type Moment } from '../slices/tend-account.js';

/** What a slot has charged to an account, all in all. */
export interface AccountUse extends AccountKey {
  readonly usedNanoUsd: bigint;
}

/** The book at one moment. */
export interface BudgetBookSnapshot {
  readonly openHolds: number;
  readonly heldNanoUsd: bigint;
  /** Charged beyond what was held, since the book was opened. */
  readonly overrunNanoUsd: bigint;
  readonly accounts: readonly (AccountUse & { readonly sliceNanoUsd: bigint; readonly heldNanoUsd: bigint })[];
}

/** Turns of leasing that one request takes part in: others were always faster if that many do not help. */
const ROUNDS_MAX = 16;

/**
 * The budgets of one replica. Holds are made in memory against slices leased from the authority, so that admission
 * waits for nothing while a slice lasts, and no number of replicas can spend a nano-USD twice. One book per slot.
 */
export class BudgetBook {
  private readonly accounts = new Map<string, Account>();
  private readonly open = new Set<Hold>();
  private readonly keeper: SliceKeeper;
  private readonly unwatch: () => void;
  private overrunNanoUsd = 0n;
  private tending = false;
  private state: 'not restored' | 'open' | 'closed' = 'not restored';

  constructor(
    private readonly authority: SliceAuthority,
    private readonly slot: string,
  ) {
    this.keeper = new SliceKeeper(authority, slot);
    this.unwatch = authority.watchRecalls(slot, (key) => this.giveBack(key));
  }

  /** Holds at once, in every budget or in none; null when a slice must be leased first. */
  tryHold(request: HoldRequest): Hold | null {
    if (this.state !== 'open') return null;
    const accounts = this.accountsFor(request);
    const short = accounts.some((account) => isShort(account, request.amountNanoUsd, request.monotonicMs));
    return short ? null : this.place(request, accounts, request.amountNanoUsd);
  }

  /**
   * Holds, leasing slices where they are short.
   *
   * @throws GatewayError 402 `budget_exhausted`, 429 `budget_held`, 503 `ledger_unavailable`, `not_ready` or
   * `shutting_down`.
   */
  async hold(request: HoldRequest): Promise<Hold> {
    let amount = request.amountNanoUsd;
    for (let round = 0; ; round++) {
      this.assertOpen();
      const accounts = this.accountsFor(request);
      const within = withinLimits(request, accounts, amount);
      const short = accounts.findIndex((each) => isShort(each, within, request.monotonicMs));
      const [account, budget] = [accounts[short], request.budgets[short]];
      if (account === undefined || budget === undefined) return this.place(request, accounts, within);
      if (round === ROUNDS_MAX) throw budgetRefusal(budget, account, request.leastNanoUsd);
      amount = await this.lease(request, { account, budget, amount: within });
    }
  }

  /**
   * Ends a hold with what the request cost; to be called once the charge is durable. More than was held is booked as
   * it is. A second call changes nothing and returns the first outcome.
   */
  settle(hold: Hold, actualNanoUsd: bigint): HoldOutcome {
    return this.end(hold, { state: 'settled', amountNanoUsd: actualNanoUsd });
  }

  /** Ends a hold that cost nothing. A second call changes nothing and returns the first outcome. */
  void(hold: Hold): HoldOutcome {
    return this.end(hold, { state: 'voided', amountNanoUsd: 0n });
  }

  /** Requests that have held something and are not over. */
  get openRequestIds(): readonly string[] {
    return [...this.open].map(({ requestId }) => requestId);
  }

  snapshot(): BudgetBookSnapshot {
    const accounts = [...this.accounts.values()].filter(({ known, usedNanoUsd }) => known || usedNanoUsd > 0n);
    return {
      openHolds: this.open.size,
      heldNanoUsd: [...this.open].reduce((sum, { amountNanoUsd }) => sum + amountNanoUsd, 0n),
      overrunNanoUsd: this.overrunNanoUsd,
      accounts: accounts.map(({ key, usedNanoUsd, sliceNanoUsd, heldNanoUsd }) => {
        return { ...key, usedNanoUsd, sliceNanoUsd, heldNanoUsd };
      }),
    };
  }

  /**
   * Opens the book with what the slot's journal says was used, and gives back everything else that the slot had when it
   * stopped. Until then nothing is held or given back: what the slices are worth is not known. Several uses of one
   * account add up. Rejects when the authority cannot be reached, and can then be called again.
   */
  async restore(used: readonly AccountUse[]): Promise<void> {
    this.accounts.clear();
    const slices = await this.authority.slicesOf(this.slot);
    for (const { usedNanoUsd, budgetId, period } of used) {
      const account = this.accountOf({ budgetId, period }, Number.NEGATIVE_INFINITY);
      account.known = true;
      account.usedNanoUsd += usedNanoUsd;
    }
    for (const { budgetId, period, ...slice } of slices) {
      this.accountOf({ budgetId, period }, Number.NEGATIVE_INFINITY).adopt(slice);
    }
    for (const account of this.accounts.values()) {
      if (account.freeNanoUsd !== 0n || account.reportedUsedNanoUsd !== account.usedNanoUsd) {
        await this.keeper.report(account);
      }
    }
    this.state = 'open';
  }

  /**
   * From a timer, every second or so: gives back idle money, renews the leases in use, books overruns, forgets periods
   * long over. Never rejects: what fails is tried again the next time.
   */
  async tend(now: Moment): Promise<void> {
    if (this.tending || this.state !== 'open') return;
    this.tending = true;
    try {
      const calendar = nowIn(now);
      for (const [key, account] of this.accounts) {
        if (isForgettable(account, calendar)) this.accounts.delete(key);
        const due = dueReport(account, calendar);
        if (due === null) continue;
        // What is on its way back cannot be held until there is an answer: only an authority that answers is sent any.
        if (due.keep !== true && account.freeNanoUsd > 0n) await this.keeper.report(account, { keep: true });
        await this.keeper.report(account, due);
      }
    } catch {
      // The authority is out of reach. Holds say so to their callers; leases run out by themselves.
    } finally {
      this.tending = false;
    }
  }

  /**
   * Ends new holds and gives back what is not held. Open holds can still be settled. Rejects when the authority is out
   * of reach; the next start gives back then.
   */
  async close(): Promise<void> {
    const { state } = this;
    this.state = 'closed';
    this.unwatch();
    if (state !== 'open') return;
    for (const account of this.accounts.values()) {
      if (account.freeNanoUsd !== 0n || account.reportedUsedNanoUsd !== account.usedNanoUsd) {
        await this.keeper.report(account);
      }
    }
  }

  private assertOpen(): void {
    if (this.state === 'open') return;
    const [code, what] =
      this.state === 'closed'
        ? (['shutting_down', 'is shutting down'] as const)
        : (['not_ready', 'is still starting'] as const);
    throw new GatewayError(code, `This gateway ${what}: retry shortly.`, { retryAfterMs: 1000 });
  }

  /** Answers another slot's recall. What fails is tried again by `tend`; the other slot does not wait for it. */
  private async giveBack(key: AccountKey): Promise<void> {
    if (this.state !== 'open') return;
    await this.keeper.report(this.accountOf(key, Number.NEGATIVE_INFINITY)).catch(() => undefined);
  }

  /** In one go: nobody sees the hold in some of its budgets only. */
  private place(request: HoldRequest, accounts: readonly Account[], amountNanoUsd: bigint): Hold {
    for (const account of accounts) account.hold(amountNanoUsd, request.monotonicMs);
    const hold = new Hold(request, amountNanoUsd, accounts);
    this.open.add(hold);
    return hold;
  }

  /** Leases for one short account; returns how much to go on with. */
  private async lease(
    request: HoldRequest,
    { account, budget, amount }: { account: Account; budget: Budget; amount: bigint },
  ): Promise<bigint> {
    const { leastNanoUsd, monotonicMs } = request;
    const verdict = await this.keeper
      .lease(account, { amountNanoUsd: amount, leastNanoUsd, monotonicMs })
      .catch((cause: unknown) => {
        const message = 'The budgets cannot be checked now, so the request is refused: retry shortly.';
        throw new GatewayError('ledger_unavailable', message, { retryAfterMs: 1000, cause });
      });
    const spendable = account.spendableNanoUsd(monotonicMs);
    if (verdict === 'plenty' || spendable >= amount) return amount;
    if (spendable >= leastNanoUsd) return spendable;
    if (verdict === 'partial') return amount;
    throw budgetRefusal(budget, account, leastNanoUsd);
  }

  private end(hold: Hold, outcome: HoldOutcome): HoldOutcome {
    if (hold.outcome !== null) return hold.outcome;
    hold.outcome = outcome;
    this.open.delete(hold);
    if (outcome.amountNanoUsd > hold.amountNanoUsd) this.overrunNanoUsd += outcome.amountNanoUsd - hold.amountNanoUsd;
    for (const account of hold.accounts) {
      account.release(hold.amountNanoUsd, outcome.amountNanoUsd);
      // Booked at the authority at once, so that other replicas see it; what fails here is tried again by `tend`.
      if (account.freeNanoUsd < 0n) this.keeper.report(account, { keep: true }).catch(() => undefined);
    }
    return outcome;
  }

  private accountsFor({ budgets, epochMs, monotonicMs }: HoldRequest): readonly Account[] {
    return budgets.map(({ id, period }) => {
      return this.accountOf({ budgetId: id, period: periodKey(period, epochMs) }, monotonicMs);
    });
  }

  private accountOf({ budgetId, period }: AccountKey, createdMs: number): Account {
    const key = `${budgetId}/${period}`;
    let account = this.accounts.get(key);
    if (account === undefined) {
      account = new Account({ budgetId, period }, createdMs);
      this.accounts.set(key, account);
    }
    return account;
  }
}

/** Holding nothing needs nothing. */
const isShort = (account: Account, amountNanoUsd: bigint, monotonicMs: number): boolean =>
  amountNanoUsd > 0n && account.spendableNanoUsd(monotonicMs) < amountNanoUsd;

/** The amount, or what the limits leave of it: what is used already can be seen without asking anybody. */
function withinLimits({ budgets, leastNanoUsd }: HoldRequest, accounts: readonly Account[], amount: bigint): bigint {
  let within = amount;
  for (const [index, budget] of budgets.entries()) {
    const account = accounts[index];
    if (account === undefined) continue;
    const left = budget.limitNanoUsd - account.usedEverywhereNanoUsd;
    if (left < leastNanoUsd) throw budgetRefusal(budget, account, leastNanoUsd);
    if (left < within) within = left;
  }
  return within;
}
