import {
  EventLog,
  IndefiniteAppendError,
  OffsetOutOfRangeError,
  type AppendedAt,
  type Assignment,
  type LogEvent,
  type LogRecord,
  type LogSlice,
  type ReadOptions,
} from '#event-log';
import type { Chance } from '../kernel/chance.js';
import type { Network, Server } from '../kernel/network.js';

interface Partition {
  readonly events: LogEvent[];
  /** How many different ids stand before each offset. */
  readonly distinct: number[];
}

/** What the brokers have: an event comes again whenever its ack was lost, as with Kafka. */
export class SharedLog {
  readonly server: Server = { name: 'log', loss: 0, downUntilMs: 0, timeoutMs: 1_500 };
  readonly partitions = new Map<number, Partition>();
  private readonly ids = new Set<string>();
  duplicates = 0;

  write(batch: readonly LogRecord[]): AppendedAt[] {
    return batch.map((record) => {
      const { partition, eventId } = record;
      const { events, distinct } = this.partitionOf(partition);
      const duplicate = this.ids.has(eventId);
      if (duplicate) this.duplicates += 1;
      this.ids.add(eventId);
      events.push({ ...record, offset: BigInt(events.length) });
      distinct.push(distinct[distinct.length - 1]! + (duplicate ? 0 : 1));
      return { partition, offset: BigInt(events.length - 1), duplicate };
    });
  }

  has(eventId: string): boolean {
    return this.ids.has(eventId);
  }

  /** How many different events stand before an offset. */
  distinctBefore(partition: number, offset: bigint): number {
    return this.partitions.get(partition)?.distinct[Number(offset)] ?? 0;
  }

  heads(): Map<number, bigint> {
    return new Map([...this.partitions].map(([partition, { events }]) => [partition, BigInt(events.length)]));
  }

  all(): LogEvent[] {
    return [...this.partitions.values()].flatMap(({ events }) => events);
  }

  private partitionOf(number: number): Partition {
    let partition = this.partitions.get(number);
    if (partition === undefined) this.partitions.set(number, (partition = { events: [], distinct: [0] }));
    return partition;
  }
}

/** The shared log over the network, as a shipper writes it and a projector reads it. */
export class SharedLogClient extends EventLog {
  constructor(
    protected readonly log: SharedLog,
    private readonly network: Network,
    private readonly chance: Chance,
  ) {
    super();
  }

  append(batch: readonly LogRecord[]): Promise<readonly AppendedAt[]> {
    const written = this.network.call(this.log.server, () => {
      // A batch over several partitions can be written in part.
      const isTorn = this.chance.happens(this.log.server.loss / 2);
      const places = this.log.write(isTorn ? batch.slice(0, this.chance.below(batch.length + 1)) : batch);
      if (isTorn) throw new IndefiniteAppendError('a broker did not answer');
      return places;
    });
    return written.catch((cause: unknown) => {
      throw new IndefiniteAppendError('the append was not acknowledged', { cause });
    });
  }

  read(partition: number, from: bigint, { maxEvents = 1_000 }: ReadOptions = {}): Promise<LogSlice> {
    return this.network.call(this.log.server, () => {
      const kept = this.log.partitions.get(partition)?.events ?? [];
      const highWater = BigInt(kept.length);
      if (from > highWater) throw new OffsetOutOfRangeError(partition, from, { earliest: 0n, highWater });
      const events = kept.slice(Number(from), Number(from) + maxEvents);
      return { events, next: from + BigInt(events.length), highWater };
    });
  }

  range(partition: number): Promise<{ earliest: bigint; highWater: bigint }> {
    return Promise.resolve({ earliest: 0n, highWater: this.log.heads().get(partition) ?? 0n });
  }

  heads(): Promise<ReadonlyMap<number, bigint>> {
    return this.network.call(this.log.server, () => this.log.heads());
  }

  async *claim(): AsyncGenerator<Assignment, void, undefined> {
    yield await Promise.resolve({ assigned: [...this.log.partitions.keys()], revoked: [], epoch: 1n });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
