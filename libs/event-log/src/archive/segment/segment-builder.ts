import { hash } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';
import { CorruptLogError } from '../../event-log.errors.js';
import type { LogEvent } from '../../event-log.port.js';
import { toEventLine } from './event-line.js';
import { hashLeaf, merkleRoot } from './merkle-root.js';
import { FRAME_EVENTS, type SegmentFrame, type SegmentManifest } from './segment-manifest.js';

const compress = promisify(zstdCompress);
const ZSTD = { chunkSize: 131_072, params: { [constants.ZSTD_c_checksumFlag]: 1 } };
const LINE_END = Buffer.from('\n');

/** A segment to store: its events in a file, and what makes it known. */
export interface BuiltSegment {
  readonly manifest: SegmentManifest;
  readonly file: Buffer;
}

/** Makes a segment from events in their order. Only what is compressed already stays in memory, and one frame. */
export class SegmentBuilder {
  readonly #frames: SegmentFrame[] = [];
  readonly #compressed: Buffer[] = [];
  #lines: Buffer[] = [];
  #bytes = 0;
  #next: bigint;
  #firstEvent: LogEvent | undefined;
  #lastEvent: LogEvent | undefined;

  constructor(
    private readonly partition: number,
    private readonly first: bigint,
  ) {
    this.#next = first;
  }

  get events(): number {
    return Number(this.#next - this.first);
  }

  /** Of its lines, uncompressed. */
  get bytes(): number {
    return this.#bytes;
  }

  /** One past the last event that was added. */
  get next(): bigint {
    return this.#next;
  }

  /** @throws CorruptLogError for an event that does not follow the one before. */
  async add(event: LogEvent): Promise<void> {
    if (event.offset !== this.#next || event.partition !== this.partition) {
      const found = `the log gives offset ${event.offset} of partition ${event.partition}`;
      throw new CorruptLogError(`partition ${this.partition}, offset ${this.#next}`, found);
    }
    const line = Buffer.from(toEventLine(event));
    this.#firstEvent ??= event;
    this.#lastEvent = event;
    this.#lines.push(line);
    this.#bytes += line.length + LINE_END.length;
    this.#next += 1n;
    if (this.#lines.length === FRAME_EVENTS) await this.#closeFrame();
  }

  /** @throws Error when nothing was added. */
  async finish(): Promise<BuiltSegment> {
    const [firstEvent, lastEvent] = [this.#firstEvent, this.#lastEvent];
    if (firstEvent === undefined || lastEvent === undefined) throw new Error('A segment holds one event at least.');
    if (this.#lines.length > 0) await this.#closeFrame();
    const file = Buffer.concat(this.#compressed);
    return {
      file,
      manifest: {
        partition: this.partition,
        first: this.first,
        next: this.#next,
        lastEventId: lastEvent.eventId,
        times: { first: firstEvent.headers['ce_time'] ?? '', last: lastEvent.headers['ce_time'] ?? '' },
        file: { bytes: file.length, sha256: hash('sha256', file) },
        frames: this.#frames,
      },
    };
  }

  async #closeFrame(): Promise<void> {
    const lines = this.#lines;
    this.#lines = [];
    const compressed = await compress(Buffer.concat(lines.flatMap((line) => [line, LINE_END])), ZSTD);
    this.#compressed.push(compressed);
    this.#frames.push({ bytes: compressed.length, root: merkleRoot(lines.map(hashLeaf)).toString('hex') });
  }
}
