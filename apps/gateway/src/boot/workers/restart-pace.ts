const FIRST_MS = 250;
const MAX_MS = 10_000;
/** What has run this long has proved itself: it is started again soon. */
const SETTLED_AFTER_MS = 30_000;

/** How long to wait before what has ended is started again: twice as long each time, up to ten seconds. */
export class RestartPace {
  private nextMs = FIRST_MS;

  /** @param ranMs how long it ran this time. */
  delayAfter(ranMs: number): number {
    if (ranMs >= SETTLED_AFTER_MS) this.nextMs = FIRST_MS;
    const delayMs = this.nextMs;
    this.nextMs = Math.min(delayMs * 2, MAX_MS);
    return delayMs;
  }
}
