import { OffsetOutOfRangeError } from '../event-log.errors.js';
import { LogReader, type Assignment, type HeadsOptions, type LogSlice, type ReadOptions } from '../event-log.port.js';

/** A log that has dropped the beginning of its partitions, as retention does. */
export class TrimmedLog extends LogReader {
  readonly #earliest = new Map<number, bigint>();

  constructor(private readonly log: LogReader) {
    super();
  }

  trim(partition: number, earliest: bigint): void {
    this.#earliest.set(partition, earliest);
  }

  async read(partition: number, from: bigint, options?: ReadOptions): Promise<LogSlice> {
    const range = await this.range(partition);
    if (from < range.earliest) throw new OffsetOutOfRangeError(partition, from, range);
    return this.log.read(partition, from, options);
  }

  async range(partition: number): Promise<{ readonly earliest: bigint; readonly highWater: bigint }> {
    const range = await this.log.range(partition);
    return { ...range, earliest: this.#earliest.get(partition) ?? range.earliest };
  }

  heads(options?: HeadsOptions): Promise<ReadonlyMap<number, bigint>> {
    return this.log.heads(options);
  }

  claim(projection: string): AsyncIterable<Assignment> {
    return this.log.claim(projection);
  }

  close(): Promise<void> {
    return this.log.close();
  }
}
