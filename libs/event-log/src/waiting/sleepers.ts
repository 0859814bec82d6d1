import type { Clock } from '#contracts';

/** Longest delay a timer of Node takes; above it, it would fire at once. */
const TIMER_MAX_MS = 2_147_483_647;

/** How often a sleeper looks by itself: after `firstMs`, then after twice as long, up to `maxMs`. */
export interface Pauses {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** For sleepers that someone wakes whenever there is something to see. */
export const UNTIL_WOKEN: Pauses = { firstMs: Infinity, maxMs: Infinity };

/** Those who wait for an append, each until what it waits for is there or its time is over. */
export class Sleepers {
  readonly #clock: Clock;
  readonly #pauses: Pauses;
  readonly #wakers = new Set<() => void>();

  constructor(clock: Clock, pauses: Pauses) {
    this.#clock = clock;
    this.#pauses = pauses;
  }

  async sleepUntil(isReady: () => boolean, waitMs: number): Promise<void> {
    if (waitMs <= 0 || isReady()) return;
    const endMs = this.#clock.monotonicMs() + waitMs;
    let pauseMs = this.#pauses.firstMs;
    do {
      const leftMs = endMs - this.#clock.monotonicMs();
      if (leftMs <= 0) return;
      await this.#sleep(Math.min(leftMs, pauseMs));
      pauseMs = Math.min(pauseMs * 2, this.#pauses.maxMs);
    } while (!isReady());
  }

  wake(): void {
    for (const wake of this.#wakers) wake();
  }

  #sleep(durationMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#wakers.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, Math.min(durationMs, TIMER_MAX_MS));
      this.#wakers.add(wake);
    });
  }
}
