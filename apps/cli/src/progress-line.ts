import type { Clock } from '#contracts';

interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Without a terminal a line is added this often, instead of rewritten. */
const LINE_EVERY_MS = 5_000;
const REWRITE_EVERY_MS = 200;

/** One line that says how far a long command is and how long it will take. */
export class ProgressLine {
  readonly #startedMs: number;
  #shownMs = -Infinity;
  #startedAt: number | null = null;

  constructor(
    private readonly output: Output,
    private readonly clock: Clock,
  ) {
    this.#startedMs = clock.monotonicMs();
  }

  show(done: number, total: number): void {
    const nowMs = this.clock.monotonicMs();
    this.#startedAt ??= done; // what an interrupted run had done says nothing about this one's speed
    if (nowMs - this.#shownMs < (this.output.isTTY === true ? REWRITE_EVERY_MS : LINE_EVERY_MS)) return;
    this.#shownMs = nowMs;
    const line = describeProgress({
      done,
      total,
      doneHere: done - this.#startedAt,
      elapsedMs: nowMs - this.#startedMs,
    });
    this.output.write(this.output.isTTY === true ? `\r\x1b[K${line}` : `${line}\n`);
  }

  end(): void {
    if (this.output.isTTY === true && this.#shownMs > -Infinity) this.output.write('\r\x1b[K');
  }
}

/** E.g. `41 % of 90000 events, 12000 events/s, 4 s left`. */
export function describeProgress(progress: {
  readonly done: number;
  readonly total: number;
  /** The part of `done` that was done in `elapsedMs`. */
  readonly doneHere: number;
  readonly elapsedMs: number;
}): string {
  const { done, total, doneHere, elapsedMs } = progress;
  const share = total === 0 ? 100 : Math.floor((100 * done) / total);
  const head = `${share} % of ${total} events`;
  if (doneHere <= 0 || elapsedMs <= 0) return head;
  const perSecond = (1_000 * doneHere) / elapsedMs;
  return `${head}, ${Math.round(perSecond)} events/s, ${Math.ceil((total - done) / perSecond)} s left`;
}
