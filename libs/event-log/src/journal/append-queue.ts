import { setImmediate } from 'node:timers/promises';
import { IndefiniteAppendError, LogOverloadedError, RejectedAppendError } from '../event-log.errors.js';
import type { AppendedAt, LogRecord } from '../event-log.port.js';

/** One commit takes at most this much, unless a single append is larger. */
const COMMIT_EVENTS_MAX = 128;
const COMMIT_BYTES_MAX = 262_144;

/** How much may be held in memory before appends are refused. */
export interface QueueLimits {
  readonly eventsMax: number;
  readonly bytesMax: number;
}

/** What one caller wants to become durable as a whole. */
export interface Append {
  readonly records: readonly LogRecord[];
  readonly bytes: number;
  readonly mark?: { readonly name: string; readonly value: string };
  readonly deadlineMs?: number | undefined;
}

/** How a commit ended: the places of all its events in order, or whether they may be written all the same. */
export type CommitResult =
  { readonly places: readonly AppendedAt[] } | { readonly reason: string; readonly mayBeWritten: boolean };

export type Commit = (appends: readonly Append[]) => Promise<CommitResult>;

interface Waiting extends Append {
  readonly resolve: (places: readonly AppendedAt[]) => void;
  readonly reject: (error: Error) => void;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Groups appends into commits without a timer. One commit is under way at a time; what arrives meanwhile is the next
 * one, so groups grow with the load and with the slowness of the disk, and an idle log commits at once.
 */
export class AppendQueue {
  readonly #commit: Commit;
  readonly #limits: QueueLimits;
  #waiting: Waiting[] = [];
  #heldEvents = 0;
  #heldBytes = 0;
  #pump: Promise<void> | undefined;

  constructor(commit: Commit, limits: QueueLimits) {
    this.#commit = commit;
    this.#limits = limits;
  }

  /** @throws LogOverloadedError at once, unless nothing else is held. */
  append(append: Append): Promise<readonly AppendedAt[]> {
    const { eventsMax, bytesMax } = this.#limits;
    const isOver = this.#heldEvents + append.records.length > eventsMax || this.#heldBytes + append.bytes > bytesMax;
    if (isOver && this.#heldEvents > 0) {
      throw new LogOverloadedError(`The event log has ${this.#heldEvents} events waiting for the disk.`);
    }
    return new Promise((resolve, reject) => {
      const waiting: Waiting = { ...append, resolve, reject, timer: undefined };
      if (append.deadlineMs !== undefined) {
        waiting.timer = setTimeout(() => this.#expire(waiting), append.deadlineMs);
      }
      this.#heldEvents += append.records.length;
      this.#heldBytes += append.bytes;
      this.#waiting.push(waiting);
      this.#pump ??= this.#run();
    });
  }

  /** Resolves when nothing is waiting or under way. */
  async drained(): Promise<void> {
    await this.#pump;
  }

  async #run(): Promise<void> {
    await setImmediate(); // all that is appended in this turn of the event loop shares one commit
    for (let group = this.#takeGroup(); group.length > 0; group = this.#takeGroup()) {
      settle(group, await this.#tryCommit(group));
      for (const append of group) this.#release(append);
    }
    this.#pump = undefined;
  }

  async #tryCommit(group: readonly Append[]): Promise<CommitResult> {
    try {
      return await this.#commit(group);
    } catch (error) {
      return { reason: error instanceof Error ? error.message : String(error), mayBeWritten: true };
    }
  }

  #takeGroup(): Waiting[] {
    let events = 0;
    let bytes = 0;
    const end = this.#waiting.findIndex((append, index) => {
      events += append.records.length;
      bytes += append.bytes;
      return index > 0 && (events > COMMIT_EVENTS_MAX || bytes > COMMIT_BYTES_MAX);
    });
    return this.#waiting.splice(0, end === -1 ? this.#waiting.length : end);
  }

  #expire(append: Waiting): void {
    const message = `The append was not durable after ${append.deadlineMs} ms.`;
    const index = this.#waiting.indexOf(append);
    if (index === -1) {
      append.reject(new IndefiniteAppendError(message));
      return;
    }
    this.#waiting.splice(index, 1);
    this.#release(append);
    append.reject(new RejectedAppendError(message));
  }

  #release(append: Append): void {
    this.#heldEvents -= append.records.length;
    this.#heldBytes -= append.bytes;
  }
}

function settle(group: readonly Waiting[], result: CommitResult): void {
  let at = 0;
  for (const { records, resolve, reject, timer } of group) {
    clearTimeout(timer);
    if ('places' in result) resolve(result.places.slice(at, (at += records.length)));
    else reject(toError(result));
  }
}

function toError({ reason, mayBeWritten }: { readonly reason: string; readonly mayBeWritten: boolean }): Error {
  if (mayBeWritten) return new IndefiniteAppendError(`The append failed and may be written: ${reason}.`);
  return new RejectedAppendError(`The append failed: ${reason}.`);
}
