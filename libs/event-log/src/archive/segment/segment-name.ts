/** A sealed range of one partition, as its manifest's name says it. */
export interface SegmentRange {
  readonly partition: number;
  /** Offset of the first event. */
  readonly first: bigint;
  /** One past the last. */
  readonly next: bigint;
}

const PARTITION_DIGITS = 2;
/** As many as a 64-bit offset has: names then sort as offsets do. */
const OFFSET_DIGITS = 20;
const MANIFEST = /^partition-(\d{2})\/(\d{20})-(\d{20})\.manifest\.json$/;

/** What all keys of a partition begin with. */
export const folderOf = (partition: number): string =>
  `partition-${String(partition).padStart(PARTITION_DIGITS, '0')}/`;

/** Key of a segment's manifest; names sort by partition and first offset. */
export const manifestKeyOf = (range: SegmentRange): string => `${stemOf(range)}.manifest.json`;

/**
 * Key of a segment's events. With a piece of its checksum in it, what two archivers make of the same range cannot
 * overwrite each other.
 */
export const fileKeyOf = (range: SegmentRange, sha256: string): string =>
  `${stemOf(range)}-${sha256.slice(0, 16)}.jsonl.zst`;

/** Undefined for a key that is no manifest's. */
export function parseManifestKey(key: string): SegmentRange | undefined {
  const [, partition, first, next] = MANIFEST.exec(key) ?? [];
  if (partition === undefined || first === undefined || next === undefined) return undefined;
  return { partition: Number(partition), first: BigInt(first), next: BigInt(next) };
}

const stemOf = ({ partition, first, next }: SegmentRange): string =>
  `${folderOf(partition)}${digits(first)}-${digits(next)}`;
const digits = (offset: bigint): string => String(offset).padStart(OFFSET_DIGITS, '0');
