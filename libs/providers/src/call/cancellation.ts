import type { Outcome } from '#contracts';

/** Why a running call is to stop. */
export type CancelReason = Extract<Outcome, 'client_gone' | 'cancelled'>;

/** A one-shot stop signal for the attempts of one request; cheaper than an AbortSignal and it says why. */
export class Cancellation {
  private why: CancelReason | null = null;
  private stop: ((reason: CancelReason) => void) | null = null;

  get reason(): CancelReason | null {
    return this.why;
  }

  cancel(reason: CancelReason): void {
    if (this.why !== null) return;
    this.why = reason;
    this.stop?.(reason);
  }

  /** Sets what stops the attempt that runs now; null when none runs. */
  attach(stop: ((reason: CancelReason) => void) | null): void {
    this.stop = stop;
    if (this.why !== null) stop?.(this.why);
  }

  /** Resolves after `ms`, or at once when the call is stopped. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms);
      const attach = this.attach.bind(this);
      function done(): void {
        clearTimeout(timer);
        attach(null);
        resolve();
      }
      this.attach(done);
    });
  }
}
