import type { BudgetCharged, ProviderResponded, RequestRouted } from '#contracts';
import { JournalLogReader, decodeFact, type SequencedEvent } from '#event-log';
import { NO_EVIDENCE, foldOutcome, serialisePosterior, type PosteriorState } from '#posterior';
import { SystemClock } from '#telemetry';

/** Everything that a journal says of one request. */
export interface Story {
  readonly requestId: string;
  clientId: string | null;
  routed: number;
  heldNanoUsd: bigint;
  /** Attempts in the order of the log, and whether the last one answered. */
  attempts: number;
  answered: boolean;
  charges: number;
  state: string;
  reason: string;
  chargedNanoUsd: bigint | null;
}

/**
 * Reads a journal from its first event as an auditor would, by code that no part of the product runs: what each request
 * came to, what each budget was charged, what was learnt; and whether the log itself is in order.
 */
export class JournalAudit {
  readonly stories = new Map<string, Story>();
  /** By `budget/period`. */
  readonly chargedNanoUsd = new Map<string, bigint>();
  /** By cell and candidate, serialised. */
  private readonly learnt = new Map<string, PosteriorState>();
  /** What is out of order, in words. */
  readonly violations: string[] = [];
  readonly duplicates: string[] = [];
  private readonly eventIds = new Set<string>();
  private readonly heads = new Map<number, bigint>();
  private lastSequence = 0;

  constructor(private readonly directory: string) {}

  /** Reads what was appended since the last time. */
  async advance(): Promise<void> {
    const reader = new JournalLogReader({ directory: this.directory, clock: new SystemClock() });
    try {
      for await (const event of reader.scan(this.lastSequence + 1)) this.take(event);
    } finally {
      await reader.close();
    }
  }

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

  private take({ sequence, event }: SequencedEvent): void {
    const where = `sequence ${sequence}, ${event.type}`;
    if (sequence !== this.lastSequence + 1) this.violations.push(`${where}: follows ${this.lastSequence}`);
    const expected = this.heads.get(event.partition) ?? 0n;
    if (event.offset !== expected) this.violations.push(`${where}: offset ${event.offset}, not ${expected}`);
    if (this.eventIds.has(event.eventId)) this.duplicates.push(`${where}: event ${event.eventId} is there twice`);
    this.eventIds.add(event.eventId);
    this.heads.set(event.partition, event.offset + 1n);
    this.lastSequence = sequence;
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
    for (const { budget_id, period } of budgets) {
      const key = `${budget_id}/${period}`;
      this.chargedNanoUsd.set(key, (this.chargedNanoUsd.get(key) ?? 0n) + BigInt(amount_nano_usd ?? 0));
    }
  }

  private storyOf(requestId: string): Story {
    const known = this.stories.get(requestId);
    if (known !== undefined) return known;
    const story: Story = {
      requestId,
      clientId: null,
      routed: 0,
      heldNanoUsd: 0n,
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

/** A posterior before any evidence, serialised. */
export const NOTHING_LEARNT = serialisePosterior(NO_EVIDENCE);

/** Key of a learnt posterior. */
export const posteriorKey = (cell: string, candidate: string): string => JSON.stringify([cell, candidate]);
