import {
  LogReader,
  type Assignment,
  type HeadsOptions,
  type LogEvent,
  type LogRecord,
  type LogSlice,
  type ReadOptions,
} from '#event-log';

const placeOf = (partition: number, offset: bigint): string => `${partition}:${offset}`;

/** A log in which records are not what was appended until they are mended: put back, or read by who knows them. */
export class MendableLog extends LogReader {
  private readonly damages = new Map<string, Partial<LogRecord>>();

  constructor(private readonly log: LogReader) {
    super();
  }

  damage({ partition, offset }: Pick<LogEvent, 'partition' | 'offset'>, damage: Partial<LogRecord>): void {
    this.damages.set(placeOf(partition, offset), damage);
  }

  mend(): void {
    this.damages.clear();
  }

  async read(partition: number, from: bigint, options?: ReadOptions): Promise<LogSlice> {
    const slice = await this.log.read(partition, from, options);
    const events = slice.events.map((event) => ({ ...event, ...this.damages.get(placeOf(partition, event.offset)) }));
    return { ...slice, events };
  }

  range(partition: number): Promise<{ readonly earliest: bigint; readonly highWater: bigint }> {
    return this.log.range(partition);
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
