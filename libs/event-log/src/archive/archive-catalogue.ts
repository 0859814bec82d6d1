import { CorruptLogError, ForeignArchiveError } from '../event-log.errors.js';
import type { LogReader } from '../event-log.port.js';
import { SegmentFile } from './segment/segment-file.js';
import { parseManifest, type SegmentManifest } from './segment/segment-manifest.js';
import { fileKeyOf, folderOf, manifestKeyOf, parseManifestKey, type SegmentRange } from './segment/segment-name.js';
import type { ArchiveStore } from './store/archive-store.port.js';

/** What an archive holds of each partition. */
export class ArchiveCatalogue {
  readonly #ranges = new Map<number, Promise<readonly SegmentRange[]>>();

  constructor(private readonly store: ArchiveStore) {}

  /** Sealed segments in the order of their offsets, as they were at the first look or at the last refresh. */
  rangesOf(partition: number): Promise<readonly SegmentRange[]> {
    const known = this.#ranges.get(partition);
    if (known !== undefined) return known;
    const listed = this.#list(partition);
    this.#ranges.set(partition, listed);
    listed.catch(() => this.#ranges.delete(partition));
    return listed;
  }

  /** Looks again at what there is of a partition. */
  refresh(partition: number): Promise<readonly SegmentRange[]> {
    this.#ranges.delete(partition);
    return this.rangesOf(partition);
  }

  /** @throws CorruptLogError when the manifest is gone or not what was written. */
  async readManifest(range: SegmentRange): Promise<SegmentManifest> {
    const bytes = await this.store.get(manifestKeyOf(range));
    if (bytes !== null) return parseManifest(bytes.toString(), range);
    throw new CorruptLogError(placeOf(range), `the manifest of the archived segment up to ${range.next} is gone`);
  }

  /** @throws CorruptLogError when manifest or events are gone or not what was written. */
  async openSegment(range: SegmentRange): Promise<SegmentFile> {
    const manifest = await this.readManifest(range);
    const file = await this.store.get(fileKeyOf(manifest, manifest.file.sha256));
    if (file !== null) return SegmentFile.open(manifest, file);
    throw new CorruptLogError(placeOf(range), `the events of the archived segment up to ${range.next} are gone`);
  }

  async #list(partition: number): Promise<readonly SegmentRange[]> {
    const keys = await this.store.list(folderOf(partition));
    const ranges = keys.map(parseManifestKey).filter((range) => range !== undefined);
    return ranges.filter((range) => range.partition === partition && range.first < range.next);
  }
}

/** One past the last offset up to which nothing is missing; null for an empty archive. */
export function contiguousEnd(ranges: readonly SegmentRange[]): bigint | null {
  let end: bigint | null = null;
  for (const { first, next } of ranges) {
    if (end !== null && first > end) break;
    if (end === null || next > end) end = next;
  }
  return end;
}

/**
 * An archive and a log belong together when the last archived event stands in the log, too; where the log has dropped
 * it nothing can be said. @throws ForeignArchiveError
 */
export async function assertSameLog(log: LogReader, { partition, next, lastEventId }: SegmentManifest): Promise<void> {
  const last = next - 1n;
  const { earliest, highWater } = await log.range(partition);
  if (last < earliest || last >= highWater) return;
  const [event] = (await log.read(partition, last, { maxEvents: 1 })).events;
  if (event?.eventId !== lastEventId) throw new ForeignArchiveError(partition, last);
}

const placeOf = ({ partition, first }: SegmentRange): string => `partition ${partition}, offset ${first}`;
