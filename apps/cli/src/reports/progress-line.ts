import type { Clock } from '#contracts';

interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Without a terminal a line is added this often, instead of rewritten. */
const LINE_EVERY_MS = 5_000;
const REWRITE_EVERY_MS = 200;
/** The speed is that of the last so many milliseconds: an archive is read at another one than a log. */
const SPEED_OVER_MS = 15_000;
const BAR_CELLS = 24;

interface Mark {
  readonly atMs: number;
  readonly done: number;
}

/** One line that says how far a long command is and how long it will take. */
export class ProgressLine {
  #shownMs = -Infinity;
  /** The first one is as old as the speed is measured over, or the first there was. */
  #marks: Mark[] = [];

  constructor(
    private readonly output: Output,
    private readonly clock: Clock,
  ) {}

  /** So much of the whole is done; what an interrupted run had done says nothing about this one's speed. */
  show(done: number, total: number): void {
    const atMs = this.clock.monotonicMs();
    if (this.#marks.length > 0 && !this.#isDue(atMs)) return;
    this.#remember({ atMs, done });
    if (this.#isDue(atMs)) this.#write(describeProgress({ done, total, perSecond: this.#perSecond() }), done / total);
  }

  /** What is being done now that cannot be counted in the same pieces. */
  say(text: string): void {
    if (this.output.isTTY === true || this.#isDue(this.clock.monotonicMs())) this.#write(text);
  }

  end(): void {
    if (this.output.isTTY === true && this.#shownMs > -Infinity) this.output.write('\r\x1b[K');
  }

  #isDue(nowMs: number): boolean {
    return nowMs - this.#shownMs >= (this.output.isTTY === true ? REWRITE_EVERY_MS : LINE_EVERY_MS);
  }

  #remember(mark: Mark): void {
    this.#marks.push(mark);
    while ((this.#marks[1]?.atMs ?? Infinity) <= mark.atMs - SPEED_OVER_MS) this.#marks.shift();
  }

  #perSecond(): number {
    const [first, last] = [this.#marks[0], this.#marks.at(-1)];
    if (first === undefined || last === undefined || last.atMs <= first.atMs) return 0;
    return (1_000 * (last.done - first.done)) / (last.atMs - first.atMs);
  }

  #write(text: string, share?: number): void {
    this.#shownMs = this.clock.monotonicMs();
    if (this.output.isTTY !== true) this.output.write(`${text}\n`);
    else this.output.write(`\r\x1b[K${share === undefined ? '' : `${drawBar(share)} `}${text}`);
  }
}

/** E.g. `41 % of 90,000 events, 12,000 events/s, 4 s left`. */
export function describeProgress(progress: {
  readonly done: number;
  readonly total: number;
  /** Zero while it is not known. */
  readonly perSecond: number;
}): string {
  const { done, total, perSecond } = progress;
  const share = total === 0 ? 100 : Math.floor((100 * done) / total);
  const head = `${share} % of ${inGroups(total)} events`;
  if (perSecond <= 0) return head;
  return `${head}, ${inGroups(Math.round(perSecond))} events/s, ${describeTime((total - done) / perSecond)} left`;
}

/** E.g. `4 s`, `2 min 5 s`, `3 h 20 min`. */
function describeTime(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3_600)} h ${Math.floor((whole % 3_600) / 60)} min`;
}

const inGroups = (count: number): string => count.toLocaleString('en-US');

function drawBar(share: number): string {
  const full = Number.isFinite(share) ? Math.round(BAR_CELLS * Math.min(1, share)) : BAR_CELLS;
  return `[${'█'.repeat(full)}${'░'.repeat(BAR_CELLS - full)}]`;
}
