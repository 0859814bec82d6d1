import { hash } from 'node:crypto';
import { zstdDecompressSync } from 'node:zlib';
import { CorruptLogError } from '../../event-log.errors.js';
import type { LogEvent } from '../../event-log.port.js';
import { parseEventLine } from './event-line.js';
import { hashLeaf, merkleRoot } from './merkle-root.js';
import { FRAME_EVENTS, type SegmentManifest } from './segment-manifest.js';

/** Room for a usual frame, so that it comes out in one piece. */
const ZSTD = { chunkSize: 1_048_576 };
const LINE_END = 0x0a;

/** The events of one sealed segment; nothing is given out before file, frame and line were found to be as written. */
export class SegmentFile {
  readonly #frameStarts: readonly number[];
  #frame: { readonly index: number; readonly lines: readonly Buffer[] } | undefined;

  private constructor(
    readonly manifest: SegmentManifest,
    private readonly file: Buffer,
  ) {
    let start = 0;
    this.#frameStarts = manifest.frames.map(({ bytes }) => (start += bytes) - bytes);
  }

  /** @throws CorruptLogError that names the first offset of the part that is damaged. */
  static open(manifest: SegmentManifest, file: Buffer): SegmentFile {
    const segment = new SegmentFile(manifest, file);
    if (hash('sha256', file) === manifest.file.sha256) return segment;
    for (const index of manifest.frames.keys()) segment.#readFrame(index);
    throw segment.#damage(0, 'its file fails its checksum');
  }

  /** The event at an offset, and those behind it in the same frame. @throws CorruptLogError */
  from(offset: bigint): Iterable<LogEvent> {
    const place = Number(offset - this.manifest.first);
    const index = Math.floor(place / FRAME_EVENTS);
    if (this.#frame?.index !== index) this.#frame = { index, lines: this.#readFrame(index) };
    return this.#parse(this.#frame.lines.slice(place % FRAME_EVENTS), offset);
  }

  /** @throws CorruptLogError */
  #readFrame(index: number): readonly Buffer[] {
    const { bytes, root } = this.manifest.frames[index]!;
    const start = this.#frameStarts[index]!;
    const text = decompress(this.file.subarray(start, start + bytes));
    if (text === null) throw this.#damage(index, 'it cannot be decompressed');
    const lines = splitLines(text);
    const isWhole = merkleRoot(lines.map(hashLeaf)).toString('hex') === root && lines.length === this.#eventsOf(index);
    if (!isWhole) throw this.#damage(index, 'its lines do not have the Merkle root that was recorded');
    return lines;
  }

  /** One event at a time: of a frame, a reader may want one. */
  *#parse(lines: readonly Buffer[], first: bigint): Generator<LogEvent, void, undefined> {
    const { partition } = this.manifest;
    for (const [index, line] of lines.entries()) {
      const offset = first + BigInt(index);
      const event = parseEventLine(line.toString());
      if (event.offset !== offset || event.partition !== partition)
        throw new CorruptLogError(`partition ${partition}, offset ${offset}`, 'another event stands there');
      yield event;
    }
  }

  #eventsOf(index: number): number {
    return Math.min(FRAME_EVENTS, Number(this.manifest.next - this.manifest.first) - index * FRAME_EVENTS);
  }

  #damage(index: number, reason: string): CorruptLogError {
    const { partition, first, next } = this.manifest;
    const offset = first + BigInt(index * FRAME_EVENTS);
    return new CorruptLogError(
      `partition ${partition}, offset ${offset}`,
      `the archived segment of offsets ${first} to ${next - 1n} is not what was written, ${reason}`,
    );
  }
}

/** Null for what is no frame. A frame takes less than a millisecond: not worth a thread. */
function decompress(frame: Buffer): Buffer | null {
  try {
    return zstdDecompressSync(frame, ZSTD);
  } catch {
    return null;
  }
}

/** Lines without their ends; the last one must have one. */
function splitLines(text: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let start = 0; start < text.length;) {
    const end = text.indexOf(LINE_END, start);
    if (end === -1) return [];
    lines.push(text.subarray(start, end));
    start = end + 1;
  }
  return lines;
}
