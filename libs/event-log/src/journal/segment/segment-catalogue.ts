import { listSegments, type SegmentFile } from './segment-file.js';
import { SegmentReader, type Extent } from './segment-reader.js';

/** Connections to sealed segments that are kept open. */
const SEALED_OPEN_MAX = 8;

/** A segment that is open for reading, with the offsets it holds by partition. */
export interface OpenSegment {
  readonly reader: SegmentReader;
  readonly extents: ReadonlyMap<number, Extent>;
}

interface NewestSegment extends OpenSegment {
  readonly dataVersion: number | undefined;
}

/** The segments of a journal as one reader sees them. Sealed ones never change; the newest is looked at again. */
export class SegmentCatalogue {
  readonly #directory: string;
  /** Oldest first. */
  #files: readonly SegmentFile[] = [];
  #newest: NewestSegment | undefined;
  /** By path, the least recently used first. */
  readonly #sealed = new Map<string, OpenSegment>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** The newest segment, once there is one; the same object as before while nothing was committed. */
  newest(): OpenSegment | undefined {
    const known = this.#newest;
    if (known === undefined) return this.#openNewest();
    // Read before the rest: a commit in between shows again next time.
    const dataVersion = known.reader.dataVersion();
    if (dataVersion === known.dataVersion) return known;
    if (known.reader.isSealed()) return this.#openNewest();
    this.#newest = { reader: known.reader, extents: known.reader.extents(), dataVersion };
    return this.#newest;
  }

  /** Every segment, each open only until the next is asked for. */
  *newestFirst(): Generator<OpenSegment> {
    const newest = this.newest();
    if (newest === undefined) return;
    yield newest;
    for (const file of this.#files.slice(0, -1).reverse()) yield this.#openSealed(file);
  }

  oldest(): OpenSegment | undefined {
    const newest = this.newest();
    const [file] = this.#files;
    return file === undefined || this.#files.length === 1 ? newest : this.#openSealed(file);
  }

  /** The segment whose sequence numbers include this one, or the oldest. */
  containing(sequence: number): OpenSegment | undefined {
    const newest = this.newest();
    const at = this.#files.findLastIndex(({ firstSequence }) => firstSequence <= sequence);
    const file = this.#files[Math.max(at, 0)];
    return file === undefined || file === this.#files.at(-1) ? newest : this.#openSealed(file);
  }

  /** The oldest segments are gone from the directory. */
  listAgain(): void {
    this.#files = listSegments(this.#directory);
    const paths = new Set(this.#files.map(({ path }) => path));
    for (const [path, { reader }] of this.#sealed) {
      if (paths.has(path)) continue;
      reader.close();
      this.#sealed.delete(path);
    }
  }

  close(): void {
    this.#newest?.reader.close();
    for (const { reader } of this.#sealed.values()) reader.close();
    this.#sealed.clear();
    this.#newest = undefined;
  }

  #openNewest(): OpenSegment | undefined {
    this.#files = listSegments(this.#directory);
    const file = this.#files.at(-1);
    if (file === undefined) return undefined;
    this.#newest?.reader.close();
    const reader = SegmentReader.open(file);
    // Sealed since it was listed: nothing will change in it, so only looking again finds its successor.
    const dataVersion = reader.isSealed() ? undefined : reader.dataVersion();
    this.#newest = { reader, extents: reader.extents(), dataVersion };
    return this.#newest;
  }

  #openSealed(file: SegmentFile): OpenSegment {
    const known = this.#sealed.get(file.path);
    this.#sealed.delete(file.path);
    const segment = known ?? openSegment(file);
    this.#sealed.set(file.path, segment);
    const [oldest] = this.#sealed;
    if (this.#sealed.size > SEALED_OPEN_MAX && oldest !== undefined) {
      oldest[1].reader.close();
      this.#sealed.delete(oldest[0]);
    }
    return segment;
  }
}

function openSegment(file: SegmentFile): OpenSegment {
  const reader = SegmentReader.open(file);
  return { reader, extents: reader.extents() };
}
