import { Worker } from 'node:worker_threads';
import type {
  BatchMessage,
  Failed,
  Opened,
  WriterMessage,
  WriterReply,
  WriterSettings,
  Written,
} from './writer/journal-messages.js';

/**
 * The writer's thread as seen from outside: SQLite's calls block, and fsync can take long, so they run where no request
 * waits for them. A thread that died is started again with the next batch.
 */
export class WriterThread {
  readonly #entry: URL;
  readonly #settings: Omit<WriterSettings, 'nowMs'>;
  #worker: Worker | undefined;
  #waiting: ((reply: WriterReply) => void) | undefined;

  constructor(entry: URL, settings: Omit<WriterSettings, 'nowMs'>) {
    this.#entry = entry;
    this.#settings = settings;
  }

  /** Opens the journal. */
  async start(nowMs: number): Promise<Opened | Failed> {
    const worker = new Worker(this.#entry, { workerData: { ...this.#settings, nowMs } satisfies WriterSettings });
    this.#worker = worker;
    worker.on('message', (reply: WriterReply) => this.#answer(worker, reply));
    worker.on('error', (error) => this.#bury(worker, error.message));
    worker.on('exit', (code) => this.#bury(worker, `the writer's thread ended with code ${code}`));
    const reply = await this.#reply();
    if (reply.kind === 'opened') return reply;
    this.#worker = undefined;
    return asFailed(reply, false);
  }

  /** One batch at a time: the next may come when this one is answered. */
  async append(batch: BatchMessage): Promise<Written | Failed> {
    if (this.#worker === undefined) {
      const opened = await this.start(batch.nowMs);
      if (opened.kind === 'failed') return opened;
    }
    const reply = await this.#ask(batch);
    return reply.kind === 'written' ? reply : asFailed(reply, true);
  }

  async stop(): Promise<void> {
    const worker = this.#worker;
    if (worker === undefined) return;
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    await this.#ask({ kind: 'close' });
    await ended;
  }

  #ask(message: WriterMessage): Promise<WriterReply> {
    const reply = this.#reply();
    this.#worker?.postMessage(message);
    return reply;
  }

  #reply(): Promise<WriterReply> {
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  #answer(worker: Worker, reply: WriterReply): void {
    if (worker !== this.#worker) return; // an earlier thread's last words
    this.#waiting?.(reply);
    this.#waiting = undefined;
  }

  #bury(worker: Worker, reason: string): void {
    this.#answer(worker, { kind: 'failed', reason, mayBeWritten: true });
    if (worker === this.#worker) this.#worker = undefined;
  }
}

const asFailed = (reply: WriterReply, mayBeWritten: boolean): Failed =>
  reply.kind === 'failed'
    ? { ...reply, mayBeWritten: reply.mayBeWritten && mayBeWritten }
    : { kind: 'failed', reason: `the writer's thread answered "${reply.kind}"`, mayBeWritten };
