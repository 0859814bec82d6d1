import { Clock } from '#contracts';

/** The machine's clock. */
export class SystemClock extends Clock {
  epochMs(): number {
    return Date.now();
  }

  monotonicMs(): number {
    return performance.now();
  }
}
