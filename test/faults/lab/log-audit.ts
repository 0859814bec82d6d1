import type { BudgetCharged, ProviderResponded, RequestRouted } from '#contracts';
import { decodeFact, type LogEvent } from '#event-log';
import { NO_EVIDENCE, foldOutcome, serialisePosterior, type PosteriorState } from '#posterior';

/** Why a request costs what was held for it: nobody knows what it came to. */
const AFTER_CRASH = 'crash_recovery';

/** Everything that a log says of one request. */
export interface Story {
  readonly requestId: string;
  clientId: string | null;
  routed: number;
  heldNanoUsd: bigint;
  /** Accounts that it was held in, each `budget/period`. */
  heldIn: string;
  /** Attempts in the order of the log, and whether the last one answered. */
  attempts: number;
  answered: boolean;
  charges: number;
  state: string;
  reason: string;
  chargedNanoUsd: bigint | null;
}

/**
 * What a log says, put together as an auditor would, by code that no part of the product runs: what each request came
 * to, what each budget was charged, what was learnt; and whether the facts are in order.
 */
export abstract class LogAudit {
  readonly stories = new Map<string, Story>();
  /** By `budget/period`. */
  readonly chargedNanoUsd = new Map<string, bigint>();
  /** What is out of order, in words. */
  readonly violations: string[] = [];
  readonly duplicates: string[] = [];
  /** By cell and candidate. */
  private readonly learnt = new Map<string, PosteriorState>();
  protected readonly heads = new Map<number, bigint>();

  /** Reads what was appended since the last time. */
  abstract advance(): Promise<void>;

  /** Next offset of every partition that has events. */
  get nextOffsets(): ReadonlyMap<number, bigint> {
    return this.heads;
  }

  /** Requests that were routed and never charged. */
  open(): string[] {
    return [...this.stories.values()].filter(({ charges }) => charges === 0).map(({ requestId }) => requestId);
  }

  /** Posteriors as a fold from zero makes them, in the bytes in which they are compared. */
  posteriors(): ReadonlyMap<string, string> {
    return new Map([...this.learnt].map(([key, state]) => [key, serialisePosterior(state)]));
  }

  protected take(event: LogEvent): void {
    const { type, data } = decodeFact(event);
    if (type === 'RequestRouted') this.route(data as RequestRouted);
    else if (type === 'ProviderResponded') this.respond(data as ProviderResponded);
    else if (type === 'BudgetCharged') this.charge(data as BudgetCharged);
  }

  private route({ request_id, client_request_id, hold }: RequestRouted): void {
    const story = this.storyOf(request_id);
    if (story.attempts + story.charges > 0) this.violations.push(`${request_id}: routed after its end`);
    story.routed += 1;
    story.clientId = client_request_id;
    story.heldNanoUsd = BigInt(hold.amount_nano_usd);
    story.heldIn = hold.budgets.map(keyOf).join(' ');
    if (story.routed > 1) this.duplicates.push(`${request_id} is routed twice`);
  }

  private respond(attempt: ProviderResponded): void {
    const story = this.storyOf(attempt.request_id);
    story.attempts += 1;
    story.answered = attempt.outcome === 'ok';
    if (story.routed === 0 || story.charges > 0 || attempt.attempt !== story.attempts)
      this.violations.push(`${attempt.request_id}: attempt ${attempt.attempt} is out of order`);
    const key = posteriorKey(attempt.cell, attempt.candidate);
    this.learnt.set(key, foldOutcome(this.learnt.get(key) ?? NO_EVIDENCE, attempt));
  }

  private charge({ request_id, state, reason, amount_nano_usd, held_nano_usd, budgets }: BudgetCharged): void {
    const story = this.storyOf(request_id);
    story.charges += 1;
    story.state = state;
    story.reason = reason;
    story.chargedNanoUsd = amount_nano_usd === null ? null : BigInt(amount_nano_usd);
    if (story.charges > 1) this.duplicates.push(`${request_id} is charged twice`);
    if (story.routed === 0) this.violations.push(`${request_id}: charged and never routed`);
    if (BigInt(held_nano_usd) !== story.heldNanoUsd) this.violations.push(`${request_id}: charge of another hold`);
    if (reason === AFTER_CRASH && amount_nano_usd !== null && amount_nano_usd !== held_nano_usd)
      this.violations.push(`${request_id}: costs ${amount_nano_usd} after a crash, and not its hold, ${held_nano_usd}`);
    const accounts = budgets.map(keyOf);
    if (story.routed > 0 && accounts.join(' ') !== story.heldIn)
      this.violations.push(`${request_id}: held in ${story.heldIn} and charged to ${accounts.join(' ')}`);
    for (const key of accounts)
      this.chargedNanoUsd.set(key, (this.chargedNanoUsd.get(key) ?? 0n) + BigInt(amount_nano_usd ?? 0));
  }

  private storyOf(requestId: string): Story {
    const known = this.stories.get(requestId);
    if (known !== undefined) return known;
    const story: Story = {
      requestId,
      clientId: null,
      routed: 0,
      heldNanoUsd: 0n,
      heldIn: '',
      attempts: 0,
      answered: false,
      charges: 0,
      state: '',
      reason: '',
      chargedNanoUsd: null,
    };
    this.stories.set(requestId, story);
    return story;
  }
}

const keyOf = ({ budget_id, period }: BudgetCharged['budgets'][number]): string => `${budget_id}/${period}`;

/** A posterior before any evidence, serialised. */
export const NOTHING_LEARNT = serialisePosterior(NO_EVIDENCE);

/** Key of a learnt posterior. */
export const posteriorKey = (cell: string, candidate: string): string => JSON.stringify([cell, candidate]);
