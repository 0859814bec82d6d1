/** How fast bytes travel; all 0 in fair weather. */
export interface Weather {
  /** From one side of the proxy to the other. */
  readonly delayMs: number;
  /** How much the delay varies, up and down. */
  readonly jitterMs: number;
  /** Writes are of 1 to so many bytes; 0 leaves them as they came. */
  readonly sliceBytes: number;
  readonly bytesPerSecond: number;
}

export const FAIR_WEATHER: Weather = { delayMs: 0, jitterMs: 0, sliceBytes: 0, bytesPerSecond: 0 };

/** One direction of all connections through a proxy. */
export class Road {
  weather = FAIR_WEATHER;
  private opened = Promise.resolve();
  private reopen: (() => void) | undefined;

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
    while (this.reopen !== undefined) await this.opened;
  }
}
