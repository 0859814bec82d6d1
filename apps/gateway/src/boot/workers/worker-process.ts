import cluster, { type Worker } from 'node:cluster';
import type { Logger } from 'pino';
import { passOnConnections, type PlaceInLine } from './pass-on-connections.js';
import { RestartPace } from './restart-pace.js';
import type { PrimaryMessage, WorkerMessage } from './worker-messages.js';

/** One worker could not be started at all, for the reason given. */
class WorkerStartError extends Error {
  override name = 'WorkerStartError';
}

/** Who wants to know what becomes of a worker. */
export interface WorkerListener {
  /** One life of it said something. */
  onMessage(life: number, message: WorkerMessage): void;
  onEnd(life: number): void;
  /** Whether a worker answers now. */
  isAnyReady(): boolean;
}

/**
 * One worker, started again under the same slot whenever it ends. Until it has been ready once, an end with an exit
 * code is told as a failure instead: what stops a first start is nothing that another try mends.
 */
export class WorkerProcess {
  /** Where the workers listen; rejects with a WorkerStartError. */
  readonly firstReady: Promise<string>;
  private readonly first = Promise.withResolvers<string>();
  private readonly pace = new RestartPace();
  private child: Worker | null = null;
  private place: PlaceInLine | null = null;
  private ended: Promise<void> = Promise.resolve();
  private restartTimer: NodeJS.Timeout | undefined;
  private explanation: string | null = null;
  private answers = false;
  private hasAnswered = false;
  private stopping = false;
  private failed = false;
  private restartsMade = 0;

  /** @param number from 1. */
  constructor(
    private readonly number: number,
    private readonly listener: WorkerListener,
    private readonly logger: Logger,
  ) {
    this.firstReady = this.first.promise;
    this.firstReady.catch(() => undefined); // told to whoever awaits it
  }

  get isReady(): boolean {
    return this.answers;
  }

  get restarts(): number {
    return this.restartsMade;
  }

  start(): void {
    // The number is for whoever looks at the list of processes, too. With the JSON of the default, NaN would be null.
    cluster.setupPrimary({ args: ['worker', String(this.number)], serialization: 'advanced' });
    const startedMs = performance.now();
    const child = cluster.fork();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.child = child;
    this.ended = promise;
    this.explanation = null;
    this.place = passOnConnections(child, () => this.listener.isAnyReady());
    child.on('message', (message: WorkerMessage) => this.hear(child.id, message));
    child.on('error', (error) => this.logger.error({ err: error, worker: this.number }, 'a worker cannot be reached'));
    child.on('exit', (code: number | null, signal: string | null) => {
      this.child = null;
      this.answers = false;
      this.listener.onEnd(child.id);
      this.afterEnd({ code, signal, ranMs: performance.now() - startedMs });
      resolve();
    });
  }

  say(message: PrimaryMessage): void {
    if (this.child?.isConnected() === true) this.child.send(message, () => undefined); // it may end meanwhile
  }

  /** Gives it no connection any more, and lets it end when it has none left; then it is started again. */
  leave(): void {
    this.answers = false;
    this.place?.leave();
    this.say({ kind: 'leave' });
  }

  /** Lets it finish what it has begun. Rejects when it ends with an exit code other than 0. */
  async stop(): Promise<void> {
    this.stopping = true;
    clearTimeout(this.restartTimer);
    this.say({ kind: 'stop' });
    await this.ended;
    if (this.failed) throw new Error(`worker ${this.number} did not stop in order`);
  }

  kill(): void {
    this.child?.process.kill('SIGKILL');
  }

  private hear(life: number, message: WorkerMessage): void {
    if (message.kind === 'ready') {
      this.answers = true;
      this.hasAnswered = true;
      this.first.resolve(message.address);
      // While it was starting it could not be told.
      if (this.stopping) this.say({ kind: 'stop' });
    }
    if (message.kind === 'failed') this.explanation = message.explanation;
    this.listener.onMessage(life, message);
  }

  private afterEnd({ code, signal, ranMs }: { code: number | null; signal: string | null; ranMs: number }): void {
    const isOrderly = code === 0 || signal !== null;
    if (!this.hasAnswered && !isOrderly) {
      const reason = this.explanation ?? `Worker ${this.number} ended with exit code ${code} before it was ready.`;
      this.first.reject(new WorkerStartError(reason));
      return;
    }
    if (this.stopping) {
      this.failed = !isOrderly;
      return;
    }
    const restartMs = this.pace.delayAfter(ranMs);
    const reason = this.explanation ?? undefined;
    const wasTold = code === 0;
    this.logger[wasTold ? 'warn' : 'error'](
      { worker: this.number, code, signal, reason, restartMs },
      'a worker ended; starting it again with its journal',
    );
    this.restartTimer = setTimeout(() => {
      this.restartsMade += 1;
      this.start();
    }, restartMs);
  }
}
