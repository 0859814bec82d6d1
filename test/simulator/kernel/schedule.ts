/** Something that can die: its steps are not taken any more then, and wait while it is stopped. */
export interface Owner {
  readonly name: string;
  alive: boolean;
  /** As after SIGSTOP: nothing of it happens before this time. */
  stoppedUntilMs: number;
}

/** Something that happens at a time. */
export interface Step {
  atMs: number;
  order: number;
  readonly owner: Owner;
  readonly run: () => void;
  cancelled: boolean;
}

/** Owns what no process does: the network, the servers, the operator. */
export const WORLD: Owner = { name: 'world', alive: true, stoppedUntilMs: 0 };

/** A world in which more happens than this goes round in circles. */
const STEPS_MAX = 400_000;

/**
 * The one scheduler: virtual time jumps from step to step. A step runs until no promise is left that could go on, so
 * whatever code awaits, only steps decide what comes next; equal times keep the order in which they were asked for.
 */
export class Schedule {
  nowMs = 0;
  /** Whose step is being taken: timers and calls made meanwhile are its own. */
  current: Owner = WORLD;
  steps = 0;
  /** Called after every step. */
  onStep: () => void = () => undefined;
  private readonly heap: Step[] = [];
  private orders = 0;

  after(delayMs: number, run: () => void, owner: Owner = this.current): Step {
    const step: Step = { atMs: this.nowMs + Math.max(0, delayMs), order: this.orders++, owner, run, cancelled: false };
    this.push(step);
    return step;
  }

  /** Resolves after a while, unless its process is gone by then. */
  sleep(delayMs: number, owner: Owner = this.current): Promise<void> {
    return new Promise((resolve) => {
      this.after(delayMs, resolve, owner);
    });
  }

  /** Takes steps until this holds, or until none is left. Rejects with what a step threw. */
  run(until: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const turn = (): void => {
        try {
          this.onStep();
          const step = until() ? undefined : this.take();
          if (step === undefined) return resolve();
          this.current = step.owner;
          step.run();
        } catch (error) {
          return reject(error instanceof Error ? error : new Error(String(error)));
        }
        settled(turn);
      };
      settled(turn);
    });
  }

  private take(): Step | undefined {
    for (let step = this.pop(); step !== undefined; step = this.pop()) {
      if (step.cancelled || !step.owner.alive) continue;
      if (step.owner.stoppedUntilMs > step.atMs) {
        step.atMs = step.owner.stoppedUntilMs;
        this.push(step);
        continue;
      }
      if (++this.steps > STEPS_MAX) throw new Error(`the world does not come to rest: ${STEPS_MAX} steps`);
      this.nowMs = step.atMs;
      return step;
    }
    return undefined;
  }

  private push(step: Step): void {
    const { heap } = this;
    let at = heap.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(step, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = step;
  }

  private pop(): Step | undefined {
    const { heap } = this;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

const isBefore = (one: Step, other: Step): boolean =>
  one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);

/** Node takes the next tick only when the queue of promises is empty: the world has come to rest then. */
const settled = (next: () => void): void => queueMicrotask(() => process.nextTick(next));
