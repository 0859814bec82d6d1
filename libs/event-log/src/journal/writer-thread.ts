import { Worker } from 'node:worker_threads';
import {
  ENTRIES_PER_PLACE,
  countEvents,
  type BatchMessage,
  type Failed,
  type Opened,
  type WriterMessage,
  type WriterReply,
  type WriterSettings,
  type Written,
} from './writer/journal-messages.js';

interface Waiting {
  readonly events: number;
  readonly answer: (reply: Written | Failed) => void;
}

/**
 * The writer's thread as seen from outside: SQLite's calls block, and fsync can take long, so they run where no request
 * waits for them. A thread that died is started again with the next batch.
 */
export class WriterThread {
  readonly #entry: URL;
  readonly #settings: Omit<WriterSettings, 'nowMs'>;
  readonly #onRelease: (usedBytes: number) => void;
  #worker: Worker | undefined;
  #starting: Promise<Opened | Failed> | undefined;
  /** Batches that the thread has, oldest first. */
  #waiting: Waiting[] = [];

  constructor(entry: URL, settings: Omit<WriterSettings, 'nowMs'>, onRelease: (usedBytes: number) => void) {
    this.#entry = entry;
    this.#settings = settings;
    this.#onRelease = onRelease;
  }

  /** Opens the journal. */
  start(nowMs: number): Promise<Opened | Failed> {
    this.#starting ??= this.#start(nowMs).finally(() => (this.#starting = undefined));
    return this.#starting;
  }

  /** Batches are written in the order of the calls; those that the thread finds waiting share a commit. */
  async append(batch: BatchMessage): Promise<Written | Failed> {
    if (this.#worker === undefined || this.#starting !== undefined) {
      const opened = await this.start(batch.nowMs);
      if (opened.kind === 'failed') return opened;
    }
    const worker = this.#worker;
    if (worker === undefined) return notBegun("the writer's thread ended before it could write");
    return new Promise((answer) => {
      this.#waiting.push({ events: countEvents(batch), answer });
      post(worker, batch);
    });
  }

  /** Lets whole segments go that end at or before a sequence number; nobody waits for it. */
  release(sequence: number): void {
    if (this.#worker !== undefined) post(this.#worker, { kind: 'release', sequence });
  }

  async stop(): Promise<void> {
    const worker = this.#worker;
    if (worker === undefined) return;
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    post(worker, { kind: 'close' });
    await ended;
  }

  #start(nowMs: number): Promise<Opened | Failed> {
    const worker = new Worker(this.#entry, { workerData: { ...this.#settings, nowMs } satisfies WriterSettings });
    this.#worker = worker;
    return new Promise((resolve) => {
      const ended = (reason: string): void => {
        this.#bury(worker, reason);
        resolve(notBegun(reason)); // says something only while it is being opened
      };
      worker.on('error', (error) => ended(error.message));
      worker.on('exit', (code) => ended(`the writer's thread ended with code ${code}`));
      worker.once('message', (reply: WriterReply) => {
        if (reply.kind !== 'opened') {
          ended(reply.kind === 'failed' ? reply.reason : `the writer's thread answered "${reply.kind}"`);
          return;
        }
        worker.on('message', (next: WriterReply) => this.#answer(worker, next));
        resolve(reply);
      });
    });
  }

  #answer(worker: Worker, reply: WriterReply): void {
    if (worker !== this.#worker) return; // an earlier thread's last words
    if (reply.kind === 'failed') for (const { answer } of this.#waiting.splice(0, reply.batches)) answer(reply);
    if (reply.kind === 'released') this.#onRelease(reply.usedBytes);
    if (reply.kind !== 'written') return;
    let at = 0;
    for (const { events, answer } of this.#waiting.splice(0, reply.batches)) {
      const end = at + events * ENTRIES_PER_PLACE;
      answer({ ...reply, places: reply.places.slice(at, end) });
      at = end;
    }
  }

  #bury(worker: Worker, reason: string): void {
    if (worker !== this.#worker) return;
    this.#worker = undefined;
    const failed: Failed = { kind: 'failed', batches: this.#waiting.length, reason, mayBeWritten: true };
    for (const { answer } of this.#waiting.splice(0)) answer(failed);
  }
}

const post = (worker: Worker, message: WriterMessage): void => worker.postMessage(message);

const notBegun = (reason: string): Failed => ({ kind: 'failed', batches: 0, reason, mayBeWritten: false });
