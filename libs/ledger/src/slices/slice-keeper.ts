import { LEASE_MS, type Account } from './account.js';
import type { LeaseAnswer, SliceAuthority } from './slice-authority.port.js';

/** What one waiting request lacks. */
export interface Need {
  readonly amountNanoUsd: bigint;
  readonly leastNanoUsd: bigint;
  readonly monotonicMs: number;
}

/** `plenty`: as much as asked. `partial`: all that was left. `refused`: not enough, even after asking the others. */
export type Verdict = 'plenty' | 'partial' | 'refused';

/** Smallest slice: 0.05 USD. */
const SLICE_MIN_NANO_USD = 50_000_000n;
const HOLDS_PER_SLICE = 4n;
/** A slice is at least this part of what is left of the budget. */
const SLICE_FRACTION = 100n;
/** A lost reply is caught up with at once; more than one in a row means that the authority is out of order. */
const ATTEMPTS_MAX = 3;

interface Round {
  readonly needs: Need[];
  readonly verdict: Promise<Verdict>;
}

/**
 * Speaks with the authority for the accounts of one slot: one call at a time for each account. Requests that find an
 * account empty wait for one lease together.
 */
export class SliceKeeper {
  private readonly rounds = new Map<Account, Round>();

  constructor(
    private readonly authority: SliceAuthority,
    private readonly slot: string,
  ) {}

  /** Leases more for an account; resolves for all who wait for it. Rejects as the authority does. */
  lease(account: Account, need: Need): Promise<Verdict> {
    const waiting = this.rounds.get(account);
    if (waiting !== undefined) {
      waiting.needs.push(need);
      return waiting.verdict;
    }
    const needs = [need];
    const verdict = this.run(account, needs).finally(() => this.endRound(account, needs));
    this.rounds.set(account, { needs, verdict });
    return verdict;
  }

  /** Gives back what is free, or books what was spent beyond the slice; with `keep` it only renews the lease. */
  report(
    account: Account,
    { keep = false, monotonicMs }: { keep?: boolean; monotonicMs?: number } = {},
  ): Promise<void> {
    return this.inTurn(account, async () => {
      await this.untilFresh(account, () => {
        const spent = account.usedNanoUsd + account.heldNanoUsd;
        // From now on nobody holds what is given back, even while the call is under way.
        if (!keep || account.freeNanoUsd < 0n) account.sliceNanoUsd = spent;
        return this.authority.report({ ...this.claim(account), committedNanoUsd: account.sliceNanoUsd });
      });
      if (monotonicMs !== undefined) account.leasedUntilMs = monotonicMs + LEASE_MS;
    });
  }

  /** `needs` grows while others join. */
  private async run(account: Account, needs: readonly Need[]): Promise<Verdict> {
    const first = await this.inTurn(account, () => this.ask(account, needs, sliceSize));
    if (first !== 'refused' || !othersMayGive(account, needs)) return first;
    // Outside a turn, so that this slot can answer the recall of another one meanwhile.
    await this.authority.recall({ ...account.key, slot: this.slot });
    return this.inTurn(account, () => {
      this.endRound(account, needs);
      // Others are short, too: no more than what is needed now.
      return this.ask(account, needs, () => 0n);
    });
  }

  private async ask(account: Account, needs: readonly Need[], size: typeof sliceSize): Promise<Verdict> {
    const total = needs.reduce((sum, { amountNanoUsd }) => sum + amountNanoUsd, 0n);
    const monotonicMs = needs.reduce((latest, need) => (need.monotonicMs > latest ? need.monotonicMs : latest), 0);
    let [want, before] = [0n, 0n];
    const answer = await this.untilFresh(account, () => {
      before = account.sliceNanoUsd;
      want = total > account.freeNanoUsd ? greater(total - account.freeNanoUsd, size(account, needs)) : 0n;
      const minNanoUsd = greater(0n, leastOf(needs) - account.freeNanoUsd);
      return this.authority.lease({ ...this.claim(account), wantNanoUsd: want, minNanoUsd });
    });
    account.leasedUntilMs = monotonicMs + LEASE_MS;
    if (answer.outcome === 'refused') return 'refused';
    return account.sliceNanoUsd - before < want ? 'partial' : 'plenty';
  }

  /** Repeats a call whose revision was out of date, after taking over what the authority has. */
  private async untilFresh(account: Account, call: () => Promise<LeaseAnswer>): Promise<LeaseAnswer> {
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
      const answer = await call().catch((error: unknown) => {
        account.unsure = true;
        throw error;
      });
      account.adopt(answer.slice);
      if (answer.outcome !== 'stale') {
        account.standing = answer.account;
        return answer;
      }
    }
    account.unsure = true;
    throw new Error(`the slice of ${this.slot} keeps changing: another process must be using the same slot`);
  }

  private claim({ key, revision, usedNanoUsd }: Account) {
    return { ...key, slot: this.slot, revision, usedNanoUsd };
  }

  private inTurn<Result>(account: Account, call: () => Promise<Result>): Promise<Result> {
    const result = account.turn.then(call);
    account.turn = result.catch(() => undefined);
    return result;
  }

  /** Who comes later waits for another lease. */
  private endRound(account: Account, needs: readonly Need[]): void {
    if (this.rounds.get(account)?.needs === needs) this.rounds.delete(account);
  }
}

/** What is used leaves enough for somebody who waits: the rest is held or idle at other slots. */
const othersMayGive = (account: Account, needs: readonly Need[]): boolean =>
  account.standing !== null && account.standing.limitNanoUsd - account.usedEverywhereNanoUsd >= leastOf(needs);

/** At least four typical holds, 1 % of what is left, and 0.05 USD; the authority gives less when there is less. */
function sliceSize({ typicalHoldNanoUsd, standing }: Account, needs: readonly Need[]): bigint {
  const left = standing === null ? 0n : standing.limitNanoUsd - standing.committedNanoUsd;
  const typical = greater(typicalHoldNanoUsd, leastOf(needs));
  return greater(SLICE_MIN_NANO_USD, greater(HOLDS_PER_SLICE * typical, left / SLICE_FRACTION));
}

const greater = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const leastOf = (needs: readonly Need[]): bigint =>
  needs.map(({ leastNanoUsd }) => leastNanoUsd).reduce((least, amount) => (amount < least ? amount : least));
