import type { Dice } from '../../faults/lab/dice.js';

/** How fast bytes travel; all 0 in fair weather. */
export interface Weather {
  /** From one side of the proxy to the other. */
  readonly delayMs: number;
  /** How much the delay varies, up and down. */
  readonly jitterMs: number;
  /** Writes are of 1 to so many bytes; 0 leaves them as they came. */
  readonly sliceBytes: number;
  readonly bytesPerSecond: number;
  /**
   * Of a write to be lost, below 1. TCP sends it again after 200 ms, then 400, then 800; what follows waits behind it.
   */
  readonly lossChance: number;
}

export const FAIR_WEATHER: Weather = { delayMs: 0, jitterMs: 0, sliceBytes: 0, bytesPerSecond: 0, lossChance: 0 };

/** First timeout of a retransmission in Linux (`TCP_RTO_MIN`), and the longest that one waits here. */
const RETRANSMIT_FIRST_MS = 200;
const RETRANSMIT_MAX_MS = 1_600;

/** One direction of all connections through a proxy. */
export class Road {
  weather = FAIR_WEATHER;
  /** How often something had to wait. */
  held = 0;
  /** How many writes travelled for longer than in fair weather, lost ones not counted. */
  delayed = 0;
  /** How many writes were lost, at first or again. */
  lost = 0;
  private opened = Promise.resolve();
  private reopen: (() => void) | undefined;

  /** How much later a write arrives that may be lost, and its repetitions, too. */
  retransmissionMs(dice: Dice): number {
    const { lossChance } = this.weather;
    let lateMs = 0;
    for (let waitMs = RETRANSMIT_FIRST_MS; lossChance > 0 && dice.next() < lossChance; waitMs *= 2) {
      lateMs += Math.min(waitMs, RETRANSMIT_MAX_MS);
      this.lost += 1;
    }
    return lateMs;
  }

  /** Bytes stay where they are, and so do ends of connections. */
  block(): void {
    if (this.reopen === undefined) this.opened = new Promise((resolve) => (this.reopen = resolve));
  }

  unblock(): void {
    this.reopen?.();
    this.reopen = undefined;
  }

  /** Resolves when bytes may pass. */
  async passable(): Promise<void> {
    if (this.reopen !== undefined) this.held += 1;
    while (this.reopen !== undefined) await this.opened;
  }
}
