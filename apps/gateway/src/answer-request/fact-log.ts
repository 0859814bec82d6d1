import type { Logger } from 'pino';
import { GatewayError, type Clock, type Fact } from '#contracts';
import { ClosedLogError, RejectedAppendError, encodeFact, type EventLog, type LogRecord } from '#event-log';

/** How long an answer waits for its facts before the caller is told that they could not be made durable. */
const DURABLE_WITHIN_MS = 10_000;
const RETRY_FIRST_MS = 20;
const RETRY_MAX_MS = 1_000;
/** How often waiting answers are looked at: one timer for all of them, for a timer each costs more than the look. */
const LOOK_EVERY_MS = 250;

/** A batch on its way to the disk. */
export interface Written {
  /** Resolves once the batch is durable, however long that takes; rejects when the log is closed or never takes it. */
  readonly durable: Promise<void>;
  /** The same, but rejects with 503 `journal_unavailable` when a caller cannot be kept waiting any longer. */
  readonly inTime: Promise<void>;
  /** The log has refused it at least once: what builds on it must wait for it. */
  readonly delayed: () => boolean;
}

interface Batch {
  readonly facts: readonly Fact[];
  readonly after: Written | undefined;
  readonly onRefusal: () => void;
}

interface Waiting {
  readonly sinceMs: number;
  readonly giveUp: (error: GatewayError) => void;
}

/**
 * Writes facts until they are durable. Facts of something that has happened are never given up: their ids make a
 * repeated append harmless, so the same batch is appended again until the log takes it.
 */
export class FactLog {
  /** Callers who have not been told yet, in the order in which they came. */
  private readonly waiting = new Set<Waiting>();
  private pending = 0;
  private readonly watch = setInterval(() => this.giveUpTheLate(), LOOK_EVERY_MS).unref();
  private readonly whenIdle: (() => void)[] = [];

  constructor(
    private readonly log: Pick<EventLog, 'append'>,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** Batches that the log has not taken yet although they were handed over. */
  get pendingBatches(): number {
    return this.pending;
  }

  /**
   * Hands facts over, after an earlier batch if one is given, and calls them durable only when that one is, too. The
   * log keeps the order in which it is handed batches, so both may share a commit unless the earlier one met with
   * trouble. One that is refused while this one is under way comes to stand behind it: a charge before its
   * RequestRouted. Readers look facts of one request up by its id and never rely on their order.
   */
  persist(facts: readonly Fact[], after?: Written): Written {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting: Waiting = { sinceMs: this.clock.monotonicMs(), giveUp: reject };
    this.waiting.add(waiting);
    this.pending += 1;
    let refused = false;
    const batch: Batch = { facts, after, onRefusal: () => (refused = true) };
    const durable = this.write(batch).finally(() => {
      this.waiting.delete(waiting);
      this.pending -= 1;
      if (this.pending === 0) for (const resume of this.whenIdle.splice(0)) resume();
    });
    durable.then(resolve, reject);
    promise.catch(() => undefined); // whoever needs to know awaits it
    return { durable, inTime: promise, delayed: () => refused };
  }

  /** Resolves when every batch that was handed over is durable. */
  idle(): Promise<void> {
    if (this.pending === 0) return Promise.resolve();
    return new Promise((resolve) => this.whenIdle.push(resolve));
  }

  close(): void {
    clearInterval(this.watch);
  }

  private async write({ facts, after, onRefusal }: Batch): Promise<void> {
    try {
      const records = facts.map(encodeFact);
      if (after?.delayed() === true) await after.durable;
      await this.log.append(records).catch((error: unknown) => {
        onRefusal();
        return this.writeAgain(records, error);
      });
    } catch (error) {
      onRefusal(); // for good: a fact that breaks its contract, or a closed log
      throw error;
    }
    if (after !== undefined) await after.durable;
  }

  private async writeAgain(records: readonly LogRecord[], failure: unknown): Promise<void> {
    let error = failure;
    for (let waitMs = RETRY_FIRST_MS; ; waitMs = Math.min(waitMs * 2, RETRY_MAX_MS)) {
      if (error instanceof ClosedLogError || isForGood(error)) throw error;
      this.logger.error({ err: error, events: records.length }, 'append failed; appending again');
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      try {
        await this.log.append(records);
        return;
      } catch (again) {
        error = again;
      }
    }
  }

  private giveUpTheLate(): void {
    const latestMs = this.clock.monotonicMs() - DURABLE_WITHIN_MS;
    for (const waiting of this.waiting) {
      if (waiting.sinceMs > latestMs) return;
      this.waiting.delete(waiting); // told once: an outage leaves thousands that nobody waits for any more
      const message = 'The answer could not be recorded in time, so it is not delivered. It stays booked; retry later.';
      waiting.giveUp(new GatewayError('journal_unavailable', message, { retryAfterMs: 5000 }));
    }
  }
}

/** The records themselves are at fault. */
const isForGood = (error: unknown): boolean => error instanceof RejectedAppendError && error.permanent;
