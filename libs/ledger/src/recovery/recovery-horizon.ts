import type { SlotCheckpoint } from './slot-checkpoint.js';

/**
 * How far back recovery could still look. It begins at the last checkpoint, but the facts of a request that was open
 * there may stand anywhere before it; once every request that was open at some earlier checkpoint has ended, nothing up
 * to that one is needed any more.
 */
export class RecoveryHorizon {
  #sequence = 0;
  #candidate: { readonly sequence: number; readonly open: ReadonlySet<string> } | null = null;

  /** Takes note of a checkpoint that has become durable; returns up to which sequence number nothing is needed. */
  advance({ sequence, open }: Pick<SlotCheckpoint, 'sequence' | 'open'>): number {
    const candidate = this.#candidate;
    if (candidate !== null && !open.some((requestId) => candidate.open.has(requestId))) {
      this.#sequence = candidate.sequence;
      this.#candidate = null;
    }
    this.#candidate ??= { sequence, open: new Set(open) };
    return this.#sequence;
  }
}
