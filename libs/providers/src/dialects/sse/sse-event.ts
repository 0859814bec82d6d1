/** Where the fields of one event stand, as offsets into its bytes. */
export interface SseFieldOffsets {
  readonly dataStart: number;
  readonly dataEnd: number;
  readonly dataLines: number;
  /** 0: the event is unnamed. */
  readonly eventStart: number;
  readonly eventEnd: number;
}

/** One server-sent event. Nothing is decoded until asked for, so that what only passes through makes no string. */
export class SseEvent {
  constructor(
    /** The event's exact bytes, closing blank line included; comments before its first field are not part of it. */
    readonly raw: Buffer,
    private readonly offsets: SseFieldOffsets,
    /** False for an event that the end of the stream cut off before its blank line. */
    readonly terminated: boolean,
  ) {}

  /** The event's type; `message` when the stream names none. */
  get event(): string {
    const { eventStart, eventEnd } = this.offsets;
    return eventEnd > eventStart ? this.raw.toString('utf8', eventStart, eventEnd) : 'message';
  }

  /** UTF-8 bytes of `data`: a view of `raw` in the usual case of a single data line. */
  get payload(): Buffer {
    const { dataStart, dataEnd, dataLines } = this.offsets;
    return dataLines === 1 ? this.raw.subarray(dataStart, dataEnd) : Buffer.from(this.data);
  }

  get data(): string {
    const { dataStart, dataEnd, dataLines } = this.offsets;
    return dataLines === 1 ? this.raw.toString('utf8', dataStart, dataEnd) : joinDataLines(this.raw.toString());
  }
}

function joinDataLines(raw: string): string {
  const values: string[] = [];
  for (const line of raw.split(/\r\n|\r|\n/)) {
    if (line === 'data' || line.startsWith('data:')) values.push(line.slice('data:'.length).replace(/^ /, ''));
  }
  return values.join('\n');
}
