import type { Affinity } from './affinity-key.js';

interface Remembered {
  readonly candidate: string;
  readonly untilMs: number;
}

/**
 * Which candidate answered each conversation last, in the memory of this process: its prompt cache is warm there. A
 * conversation that is forgotten, or that another replica saw, is drawn again; nothing is lost but a cache hit.
 */
export class SessionAffinity {
  private readonly remembered = new Map<string, Remembered>();

  constructor(private readonly limits: { readonly ttlMs: number; readonly entriesMax: number }) {}

  /** The candidate that answered this conversation's last turn, if that was not too long ago. */
  candidateFor({ key, continues }: Affinity, nowMs: number): string | null {
    const entry = continues ? this.remembered.get(key) : undefined;
    return entry !== undefined && nowMs < entry.untilMs ? entry.candidate : null;
  }

  /** Called with the candidate that answered; the conversations longest silent make room. */
  remember({ key }: Affinity, candidate: string, nowMs: number): void {
    this.remembered.delete(key);
    this.remembered.set(key, { candidate, untilMs: nowMs + this.limits.ttlMs });
    for (const oldest of this.remembered.keys()) {
      if (this.remembered.size <= this.limits.entriesMax) return;
      this.remembered.delete(oldest);
    }
  }
}
