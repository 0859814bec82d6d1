/** What is counted: requests and tokens in a minute, or requests that are open at the same time. */
export type LimitKind = 'requests' | 'tokens' | 'concurrent';

/** What a rule allows; null where it says nothing. */
export type Limits = Readonly<Record<LimitKind, number | null>>;

/** One rule as it counts for one key or project: counted under this name wherever it is counted. */
export interface LimitedAccount {
  readonly name: string;
  /** The operator's name of the rule. */
  readonly rule: string;
  readonly limits: Limits;
}

/** A request that wants to pass, under every rule that concerns it. */
export interface LimitDemand {
  readonly requestId: string;
  readonly accounts: readonly LimitedAccount[];
  /** The most it can take, in and out. */
  readonly tokens: number;
  readonly epochMs: number;
}

/** How one limit stands, this request included if it passed. */
export interface LimitReading {
  readonly kind: LimitKind;
  readonly rule: string;
  readonly limit: number;
  readonly remaining: number;
}

/** Passed when nothing refuses: then something was taken of every limit, otherwise of none. */
export interface LimitVerdict {
  readonly refusal: LimitReading | null;
  readonly readings: readonly LimitReading[];
}

const MINUTE_MS = 60_000;

/** Windows are the minutes of the clock, the same for every gateway. */
export const minuteOf = (epochMs: number): number => Math.floor(epochMs / MINUTE_MS);

export const msToNextMinute = (epochMs: number): number => MINUTE_MS - (epochMs % MINUTE_MS);

/** What a demand takes of one limit. One that may take more than a whole minute has takes the whole minute. */
export function amountOf(demand: LimitDemand, kind: LimitKind, limit: number): number {
  return kind === 'tokens' ? Math.min(demand.tokens, limit) : 1;
}

const KINDS: readonly LimitKind[] = ['requests', 'tokens', 'concurrent'];

/** Every limit that a demand must pass. */
export function limitsOf(demand: LimitDemand): { account: LimitedAccount; kind: LimitKind; limit: number }[] {
  return demand.accounts.flatMap((account) =>
    KINDS.flatMap((kind) => {
      const limit = account.limits[kind];
      return limit === null ? [] : [{ account, kind, limit }];
    }),
  );
}
