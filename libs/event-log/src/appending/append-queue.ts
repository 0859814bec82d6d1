import { IndefiniteAppendError, LogOverloadedError, RejectedAppendError } from '../event-log.errors.js';
import type { AppendedAt, LogRecord } from '../event-log.port.js';

/** So many events go on their way before the turn of the event loop ends: the writer works while the loop does. */
const GROUP_EVENTS_EARLY = 8;

/** How much may be held in memory before appends are refused. */
export interface QueueLimits {
  readonly eventsMax: number;
  readonly bytesMax: number;
}

/** How appends are put together. */
export interface Grouping {
  /** One group takes at most this much, unless a single append is larger. */
  readonly groupEventsMax: number;
  readonly groupBytesMax: number;
  /** Groups handed over and not answered; what comes beyond them waits, and makes larger groups. */
  readonly underWayMax: number;
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
 * Groups appends without a timer. A few groups are under way at a time, in order; what arrives meanwhile is the next
 * one, so groups grow with the load and with the slowness of the disk, and an idle log commits at once. A turn of the
 * event loop that appends much sends it in several groups: in one, the loop would wait for the disk and the disk for
 * the loop.
 */
export class AppendQueue {
  readonly #commit: Commit;
  readonly #limits: QueueLimits & Grouping;
  #waiting: Waiting[] = [];
  #waitingEvents = 0;
  #heldEvents = 0;
  #heldBytes = 0;
  #groupsUnderWay = 0;
  #isSendDue = false;
  readonly #whenDrained: (() => void)[] = [];

  constructor(commit: Commit, limits: QueueLimits & Grouping) {
    this.#commit = commit;
    this.#limits = limits;
  }

  /** @throws LogOverloadedError at once, unless nothing else is held. */
  append(append: Append): Promise<readonly AppendedAt[]> {
    const { eventsMax, bytesMax } = this.#limits;
    const isOver = this.#heldEvents + append.records.length > eventsMax || this.#heldBytes + append.bytes > bytesMax;
    if (isOver && this.#heldEvents > 0) {
      throw new LogOverloadedError(`The event log has ${this.#heldEvents} events waiting to be written.`);
    }
    return new Promise((resolve, reject) => {
      const waiting: Waiting = { ...append, resolve, reject, timer: undefined };
      if (append.deadlineMs !== undefined) {
        waiting.timer = setTimeout(() => this.#expire(waiting), append.deadlineMs);
      }
      this.#heldEvents += append.records.length;
      this.#heldBytes += append.bytes;
      this.#waitingEvents += append.records.length;
      this.#waiting.push(waiting);
      if (this.#waitingEvents >= GROUP_EVENTS_EARLY) this.#send();
      else this.#sendThisTurn();
    });
  }

  /** Resolves when nothing is waiting or under way. */
  drained(): Promise<void> {
    if (this.#isDrained()) return Promise.resolve();
    return new Promise((resolve) => this.#whenDrained.push(resolve));
  }

  #isDrained(): boolean {
    return this.#waiting.length === 0 && this.#groupsUnderWay === 0;
  }

  #tellDrained(): void {
    if (this.#isDrained()) for (const resolve of this.#whenDrained.splice(0)) resolve();
  }

  #sendThisTurn(): void {
    if (this.#isSendDue) return;
    this.#isSendDue = true;
    setImmediate(() => {
      this.#isSendDue = false;
      this.#send();
    });
  }

  #send(): void {
    while (this.#waiting.length > 0 && this.#groupsUnderWay < this.#limits.underWayMax) {
      this.#groupsUnderWay += 1;
      void this.#commitGroup(this.#takeGroup());
    }
  }

  async #commitGroup(group: readonly Waiting[]): Promise<void> {
    const result = await this.#tryCommit(group);
    this.#groupsUnderWay -= 1;
    for (const append of group) this.#release(append);
    this.#send();
    settle(group, result);
    this.#tellDrained();
  }

  async #tryCommit(group: readonly Append[]): Promise<CommitResult> {
    try {
      return await this.#commit(group);
    } catch (error) {
      return { reason: error instanceof Error ? error.message : String(error), mayBeWritten: true };
    }
  }

  #takeGroup(): Waiting[] {
    const { groupEventsMax, groupBytesMax } = this.#limits;
    let events = 0;
    let bytes = 0;
    const end = this.#waiting.findIndex((append, index) => {
      events += append.records.length;
      bytes += append.bytes;
      return index > 0 && (events > groupEventsMax || bytes > groupBytesMax);
    });
    const group = this.#waiting.splice(0, end === -1 ? this.#waiting.length : end);
    for (const { records } of group) this.#waitingEvents -= records.length;
    return group;
  }

  #expire(append: Waiting): void {
    const message = `The append was not durable after ${append.deadlineMs} ms.`;
    const index = this.#waiting.indexOf(append);
    if (index === -1) {
      append.reject(new IndefiniteAppendError(message));
      return;
    }
    this.#waiting.splice(index, 1);
    this.#waitingEvents -= append.records.length;
    this.#release(append);
    append.reject(new RejectedAppendError(message));
    this.#tellDrained();
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
