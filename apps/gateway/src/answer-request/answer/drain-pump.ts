import type { Cancellation } from '#providers';

const DRAINS_MAX = 64;
const DRAIN_MS_MAX = 30_000;

/**
 * Lets whole answers whose caller has gone run to their end, so that the provider's own usage is booked: a bounded
 * number of them, for a bounded time. Beyond that the call is stopped.
 */
export class DrainPump {
  private running = 0;

  drain(cancellation: Cancellation, finished: Promise<unknown>): void {
    if (this.running >= DRAINS_MAX) {
      cancellation.cancel('client_gone');
      return;
    }
    this.running += 1;
    const timer = setTimeout(() => cancellation.cancel('client_gone'), DRAIN_MS_MAX);
    const done = (): void => {
      clearTimeout(timer);
      this.running -= 1;
    };
    finished.then(done, done);
  }
}
