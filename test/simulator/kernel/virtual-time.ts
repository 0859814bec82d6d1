import type { Schedule, Step } from './schedule.js';

/** A timer of Node in virtual time; dies with the process that set it. */
class VirtualTimer {
  private step: Step;
  private readonly owner: Schedule['current'];

  constructor(
    private readonly schedule: Schedule,
    private readonly run: () => void,
    private readonly delayMs: number,
    private readonly repeats: boolean,
  ) {
    this.owner = schedule.current;
    this.step = this.start();
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return false;
  }

  refresh(): this {
    this.cancel();
    this.step = this.start();
    return this;
  }

  cancel(): void {
    this.step.cancelled = true;
  }

  private start(): Step {
    const fire = (): void => {
      if (this.repeats) this.step = this.start();
      this.run();
    };
    return this.schedule.after(Math.max(1, this.delayMs || 0), fire, this.owner);
  }
}

const REPLACED = [
  'setTimeout',
  'setInterval',
  'setImmediate',
  'clearTimeout',
  'clearInterval',
  'clearImmediate',
] as const;

/** What product code that reads a clock or draws on its own comes to know. */
const forbidden = (name: string) => (): never => {
  throw new Error(`the simulated world may not use ${name}`);
};

/**
 * Puts virtual time in the place of Node's timers, `performance.now` included, and forbids the wall clock and chance,
 * until the returned function is called.
 */
export function enterVirtualTime(schedule: Schedule): () => void {
  const world = globalThis as Record<string, unknown>;
  const kept = new Map(
    [...REPLACED, 'performance'].map((name) => [name, Object.getOwnPropertyDescriptor(world, name)]),
  );
  const { now } = Date;
  const { random } = Math;
  const set = (name: string, value: unknown): void =>
    void Object.defineProperty(world, name, { value, configurable: true, writable: true });
  const timer =
    (repeats: boolean) =>
    (run: (...values: unknown[]) => void, delayMs = 0, ...values: unknown[]) =>
      new VirtualTimer(schedule, () => run(...values), delayMs, repeats);
  const clear = (handle: unknown): void => {
    if (handle instanceof VirtualTimer) handle.cancel();
  };
  set('setTimeout', timer(false));
  set('setInterval', timer(true));
  set('setImmediate', (run: (...values: unknown[]) => void, ...values: unknown[]) => timer(false)(run, 0, ...values));
  for (const name of ['clearTimeout', 'clearInterval', 'clearImmediate']) set(name, clear);
  set('performance', { now: () => schedule.nowMs });
  Date.now = forbidden('Date.now');
  Math.random = forbidden('Math.random');
  return () => {
    Date.now = now;
    Math.random = random;
    for (const [name, descriptor] of kept) if (descriptor !== undefined) Object.defineProperty(world, name, descriptor);
  };
}
