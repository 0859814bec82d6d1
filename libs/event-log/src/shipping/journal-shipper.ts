import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '#contracts';
import { ClosedLogError } from '../event-log.errors.js';
import type { EventLog, LogEvent, LogRecord } from '../event-log.port.js';
import type { ReplicaLog } from '../replica-log.port.js';
import { atMost } from '../waiting/at-most.js';

/** Sequence number up to which everything is in the shared log. */
const MARK = 'shipped';
const BATCH_EVENTS_MAX = 1_000;
const BATCH_BYTES_MAX = 1_048_576;
/** How long to wait for an append before looking whether to stop. */
const IDLE_MS = 250;
const RETRY_FIRST_MS = 50;
const RETRY_MAX_MS = 2_000;

export interface ShippingOptions {
  readonly journal: ReplicaLog;
  /** The log that all replicas share. */
  readonly target: EventLog;
  readonly clock: Clock;
  /** A batch was refused; it is sent again. */
  readonly onTrouble: (error: unknown) => void;
}

/** What waits to be shipped. */
export interface Backlog {
  readonly events: number;
  /** Since when something has been waiting, on the monotonic clock; null when nothing is. */
  readonly sinceMs: number | null;
}

interface Batch {
  readonly records: readonly LogRecord[];
  readonly lastSequence: number;
}

interface Waiting {
  readonly sequence: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * Forwards a replica's journal to the log that all replicas share: store and forward. One batch at a time, in the order
 * of the journal, and the same again until it is acknowledged. After a crash the last batches are sent once more, under
 * the same ids.
 */
export class JournalShipper {
  readonly #waiting: Waiting[] = [];
  #shipped = 0;
  #marked = 0;
  #marking: Promise<void> = Promise.resolve();
  #behindSinceMs: number | null = null;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();

  private constructor(private readonly options: ShippingOptions) {}

  static async start(options: ShippingOptions): Promise<JournalShipper> {
    const shipper = new JournalShipper(options);
    shipper.#shipped = shipper.#marked = Number((await options.journal.marks()).get(MARK) ?? 0);
    shipper.#running = shipper.#run();
    return shipper;
  }

  /** Sequence number up to which the shared log has everything, as far as the journal remembers durably. */
  get shippedThrough(): number {
    return this.#marked;
  }

  backlog(): Backlog {
    const events = Math.max(0, this.options.journal.lastSequence() - this.#shipped);
    return { events, sinceMs: events > 0 ? this.#behindSinceMs : null };
  }

  /** Resolves once the shared log has acknowledged everything up to a sequence number. @throws ClosedLogError */
  passed(sequence: number): Promise<void> {
    if (sequence <= this.#shipped) return Promise.resolve();
    if (this.#stopping.signal.aborted) return Promise.reject(new ClosedLogError());
    return new Promise((resolve, reject) => this.#waiting.push({ sequence, resolve, reject }));
  }

  /** Ships what is left for at most so long; the rest stays in the journal for the next start. */
  async stop({ withinMs }: { readonly withinMs: number }): Promise<void> {
    await atMost(withinMs, this.passed(this.options.journal.lastSequence()));
    this.#stopping.abort();
    for (const { reject } of this.#waiting.splice(0)) reject(new ClosedLogError());
    await this.options.target.close();
    await this.#running;
    await this.#marking;
  }

  /** A journal that cannot be read now, as after a failed write, is read again; nobody awaits this loop. */
  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      try {
        await this.#follow();
      } catch (error) {
        if (error instanceof ClosedLogError) return;
        this.options.onTrouble(error);
        await this.#pause(RETRY_MAX_MS);
      }
    }
  }

  async #follow(): Promise<void> {
    const { journal, clock } = this.options;
    while (!this.#stopping.signal.aborted) {
      const heads = await journal.heads();
      // What a reader finds on the disk may be ahead of what its writer has told: then there is less than nothing.
      if (journal.lastSequence() <= this.#shipped) {
        this.#behindSinceMs = null;
        await journal.heads({ after: heads, waitMs: IDLE_MS });
        continue;
      }
      this.#behindSinceMs ??= clock.monotonicMs();
      for await (const batch of this.#batches()) {
        if (!(await this.#ship(batch))) return;
        this.#behindSinceMs = clock.monotonicMs();
      }
    }
  }

  async *#batches(): AsyncGenerator<Batch, void, undefined> {
    let records: LogRecord[] = [];
    let bytes = 0;
    let lastSequence = this.#shipped;
    for await (const { sequence, event } of this.options.journal.scan(this.#shipped + 1)) {
      const isFull = records.length >= BATCH_EVENTS_MAX || bytes + event.value.length > BATCH_BYTES_MAX;
      if (isFull && records.length > 0) {
        yield { records, lastSequence };
        records = [];
        bytes = 0;
      }
      records.push(withoutOffset(event));
      bytes += event.value.length;
      lastSequence = sequence;
    }
    if (records.length > 0) yield { records, lastSequence };
  }

  /** False when the shipper was stopped before the batch was acknowledged. */
  async #ship({ records, lastSequence }: Batch): Promise<boolean> {
    for (let retryMs = RETRY_FIRST_MS; ; retryMs = Math.min(retryMs * 2, RETRY_MAX_MS)) {
      if (this.#stopping.signal.aborted) return false;
      try {
        await this.options.target.append(records);
        this.#advance(lastSequence);
        return true;
      } catch (error) {
        if (error instanceof ClosedLogError) return false;
        this.options.onTrouble(error);
        await this.#pause(retryMs);
      }
    }
  }

  async #pause(durationMs: number): Promise<void> {
    await sleep(durationMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }

  #advance(sequence: number): void {
    this.#shipped = sequence;
    const waiting = this.#waiting.splice(0);
    for (const waiter of waiting) {
      if (waiter.sequence <= sequence) waiter.resolve();
      else this.#waiting.push(waiter);
    }
    this.#marking = this.#marking.then(() => this.#remember());
  }

  /** A mark that is older than the truth only means that some batches are sent twice. */
  async #remember(): Promise<void> {
    const sequence = this.#shipped;
    if (sequence === this.#marked) return;
    try {
      await this.options.journal.setMark(MARK, String(sequence));
      this.#marked = sequence;
    } catch (error) {
      if (!(error instanceof ClosedLogError)) this.options.onTrouble(error);
    }
  }
}

/** The shared log gives a record an offset of its own. */
function withoutOffset({ partition, eventId, type, version, tenant, headers, value }: LogEvent): LogRecord {
  return { partition, eventId, type, version, tenant, headers, value };
}
