import type { Clock } from '#contracts';
import { IdempotencyStore, type ClaimVerdict, type IdempotencyClaim } from './idempotency-store.port.js';

/** Together the longest answers that are kept are some sixty-four; the oldest go first. */
const BYTES_MAX = 64 * 1024 * 1024;
const ANSWERS_MAX = 10_000;

interface Finished {
  readonly body: string;
  readonly answer: Uint8Array;
  readonly untilMs: number;
}

/** What one process remembers, in bounded memory: an answer may be forgotten before its time, an open claim never. */
export class MemoryIdempotencyStore extends IdempotencyStore {
  private readonly open = new Map<string, IdempotencyClaim>();
  /** In the order in which they were kept. */
  private readonly finished = new Map<string, Finished>();
  private bytes = 0;

  constructor(
    private readonly clock: Clock,
    private readonly keptForMs: number,
  ) {
    super();
  }

  claim(claim: IdempotencyClaim): ClaimVerdict {
    const open = this.open.get(claim.name);
    if (open !== undefined) return { state: open.body === claim.body ? 'in_flight' : 'reused' };
    const finished = this.finished.get(claim.name);
    if (finished !== undefined && finished.untilMs > this.clock.monotonicMs()) {
      return finished.body === claim.body ? { state: 'finished', answer: finished.answer } : { state: 'reused' };
    }
    this.open.set(claim.name, claim);
    return { state: 'claimed' };
  }

  keep(claim: IdempotencyClaim, answer: Uint8Array): void {
    this.forget(claim);
    this.drop(claim.name);
    this.finished.set(claim.name, {
      body: claim.body,
      answer,
      untilMs: this.clock.monotonicMs() + this.keptForMs,
    });
    this.bytes += answer.byteLength;
    for (const [name, { untilMs }] of this.finished) {
      const isOver = this.bytes > BYTES_MAX || this.finished.size > ANSWERS_MAX;
      if (!isOver && untilMs > this.clock.monotonicMs()) return;
      this.drop(name);
    }
  }

  forget({ name, owner }: IdempotencyClaim): void {
    if (this.open.get(name)?.owner === owner) this.open.delete(name);
  }

  private drop(name: string): void {
    this.bytes -= this.finished.get(name)?.answer.byteLength ?? 0;
    this.finished.delete(name);
  }
}
