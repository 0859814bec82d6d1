import type { Clock } from '#contracts';
import type { JournalShipper, ReplicaLog } from '#event-log';

/** So long the shared log may take nothing before no new request is taken that would have to wait for it. */
const SHARED_SILENT_MAX_MS = 5_000;

const FULL_SHIPPED =
  'The journal of this gateway is full of what Kafka has not taken: it has room again by itself once Kafka has, or ' +
  'the operator sets a higher OVERTURE_JOURNAL_MAX.';
const FULL_ALONE =
  'The journal, which keeps everything, has reached its size: the operator must set a higher OVERTURE_JOURNAL_MAX, ' +
  'on a larger disk if need be.';

export interface DurableLogOptions {
  /** This replica's own journal. */
  readonly log: Pick<ReplicaLog, 'append' | 'lastSequence' | 'isFull' | 'isFailing'>;
  /** Brings it to the log that all replicas share; null where there is none. */
  readonly shipper: Pick<JournalShipper, 'passed' | 'backlog'> | null;
  /** Facts count as durable only once the shared log has acknowledged them. */
  readonly isReplicated: boolean;
  readonly clock: Clock;
}

/** Where facts become durable, and whether they would: a request whose facts cannot be recorded must not begin. */
export class DurableLog implements Pick<ReplicaLog, 'append' | 'isFull' | 'isFailing'> {
  private readonly shared: DurableLogOptions['shipper'];

  constructor(private readonly options: DurableLogOptions) {
    this.shared = options.isReplicated ? options.shipper : null;
  }

  async append(...batch: Parameters<ReplicaLog['append']>): ReturnType<ReplicaLog['append']> {
    const { log } = this.options;
    const places = await log.append(...batch);
    await this.shared?.passed(log.lastSequence());
    return places;
  }

  isFull(): boolean {
    return this.options.log.isFull();
  }

  /** What a full journal means, and what helps. */
  get whenFull(): string {
    return this.options.shipper === null ? FULL_ALONE : FULL_SHIPPED;
  }

  /** Nothing can be recorded now. */
  isFailing(): boolean {
    return this.options.log.isFailing() || this.isSharedSilent();
  }

  /** Why nothing could be recorded, in words; null while it can. */
  problem(): string | null {
    if (this.isFull()) return 'it has reached its size';
    if (this.options.log.isFailing()) return 'the disk does not take what is written';
    return this.isSharedSilent() ? 'Kafka takes nothing, and DURABILITY=replicated waits for it' : null;
  }

  private isSharedSilent(): boolean {
    const sinceMs = this.shared?.backlog().sinceMs ?? null;
    return sinceMs !== null && this.options.clock.monotonicMs() - sinceMs > SHARED_SILENT_MAX_MS;
  }
}
