import type { Clock } from '#contracts';
import { AnswerCache } from './answer-cache.port.js';

const BYTES_MAX = 64 * 1024 * 1024;
const ANSWERS_MAX = 10_000;

interface Cached {
  readonly answer: Uint8Array;
  readonly untilMs: number;
}

/** Answers of one process, in bounded memory: the oldest go first. */
export class MemoryAnswerCache extends AnswerCache {
  private readonly byName = new Map<string, Cached>();
  private bytes = 0;

  constructor(
    private readonly clock: Clock,
    private readonly keptForMs: number,
  ) {
    super();
  }

  find(name: string): Uint8Array | null {
    const cached = this.byName.get(name);
    return cached !== undefined && cached.untilMs > this.clock.monotonicMs() ? cached.answer : null;
  }

  put(name: string, answer: Uint8Array): void {
    this.drop(name);
    this.byName.set(name, { answer, untilMs: this.clock.monotonicMs() + this.keptForMs });
    this.bytes += answer.byteLength;
    for (const [oldest, { untilMs }] of this.byName) {
      const isFull = this.bytes > BYTES_MAX || this.byName.size > ANSWERS_MAX;
      if (!isFull && untilMs > this.clock.monotonicMs()) return;
      this.drop(oldest);
    }
  }

  private drop(name: string): void {
    this.bytes -= this.byName.get(name)?.answer.byteLength ?? 0;
    this.byName.delete(name);
  }
}
