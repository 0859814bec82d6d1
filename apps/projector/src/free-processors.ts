import { cpus } from 'node:os';

/** Systems count processor time in ticks of 10 ms: shorter windows tell nothing. */
const WINDOW_MS = 200;
/** For each second of the projector the database that it writes to works 1.5 (measured). */
const FOLD_COST = 2.5;

/** Processor time that has passed, in milliseconds. */
export interface ProcessorTimes {
  readonly processors: number;
  /** Of all processors together, and the part of it that nobody used. */
  readonly all: number;
  readonly idle: number;
  /** Used by this process. */
  readonly own: number;
}

/** How many processors everybody else leaves to the projector and its part of the database. */
export class FreeProcessors {
  #before: ProcessorTimes;
  #free = Number.POSITIVE_INFINITY;

  constructor(private readonly read: () => ProcessorTimes = readTimes) {
    this.#before = read();
  }

  /** Over the last 200 ms or more between two calls; infinite until that is known. */
  latest(): number {
    const now = this.read();
    const passedMs = (now.all - this.#before.all) / now.processors;
    if (!(passedMs >= WINDOW_MS)) return this.#free;
    const idleMs = now.idle - this.#before.idle;
    this.#free = (idleMs + FOLD_COST * (now.own - this.#before.own)) / passedMs;
    this.#before = now;
    return this.#free;
  }
}

function readTimes(): ProcessorTimes {
  const processors = cpus();
  let [all, idle] = [0, 0];
  for (const { times } of processors) {
    idle += times.idle;
    all += times.user + times.nice + times.sys + times.irq + times.idle;
  }
  const { user, system } = process.cpuUsage();
  return { processors: processors.length, all, idle, own: (user + system) / 1000 };
}
