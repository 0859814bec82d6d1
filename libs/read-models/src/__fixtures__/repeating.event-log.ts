import { CorruptLogError, LogReader, type Assignment, type LogEvent, type LogRecord, type LogSlice, type ReadOptions } from '#event-log';

/** A log in memory that takes the same event again and again, as Kafka does. */
export class RepeatingEventLog extends LogReader {
  readonly #partitions = new Map<number, LogEvent[]>();
  #damaged: { readonly partition: number; readonly offset: bigint } | undefined;

  append(records: readonly LogRecord[]): void {
    for (const record of records) {
      const events = this.#partitions.get(record.partition) ?? [];
      this.#partitions.set(record.partition, events);
      events.push({ ...record, offset: BigInt(events.length) });
    }
  }

  /** From now on this event cannot be read, and the one that could not be read before can. */
  damage(partition: number, offset: bigint): void {
    this.#damaged = { partition, offset };
  }

  read(partition: number, from: bigint, { maxEvents }: ReadOptions = {}): Promise<LogSlice> {
    const kept = this.#partitions.get(partition) ?? [];
    const events = kept.slice(Number(from), maxEvents === undefined ? undefined : Number(from) + maxEvents);
    const damaged = this.#damaged?.partition === partition ? this.#damaged.offset : -1n;
    if (damaged >= from && damaged < from + BigInt(events.length)) {
      return Promise.reject(new CorruptLogError(`partition ${partition}, offset ${damaged}`, 'it was damaged'));
    }
    return Promise.resolve({ events, next: from + BigInt(events.length), highWater: BigInt(kept.length) });
  }

  range(partition: number): Promise<{ earliest: bigint; highWater: bigint }> {
    return Promise.resolve({ earliest: 0n, highWater: BigInt(this.#partitions.get(partition)?.length ?? 0) });
  }

  heads(): Promise<ReadonlyMap<number, bigint>> {
    const heads = [...this.#partitions].map(([partition, { length }]) => [partition, BigInt(length)] as const);
    return Promise.resolve(new Map(heads));
  }

  find(eventIds: readonly string[]): Promise<readonly LogEvent[]> {
    const events = [...this.#partitions.values()].flat();
    return Promise.resolve(events.filter(({ eventId }) => eventIds.includes(eventId)));
  }

  async *claim(): AsyncGenerator<Assignment, void, undefined> {
    yield await Promise.resolve({ assigned: [...this.#partitions.keys()], revoked: [], epoch: 1n });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
