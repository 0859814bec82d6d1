import { hash } from 'node:crypto';
import { CorruptLogError } from '../../event-log.errors.js';
import { merkleRoot } from './merkle-root.js';
import { fileKeyOf, type SegmentRange } from './segment-name.js';

const FORMAT = 'overture-archive/1';
/** Events of a frame; a power of two, so that the segment's root follows from the frames' roots. */
export const FRAME_EVENTS = 256;

/** A part of a segment's file that is decompressed by itself. */
export interface SegmentFrame {
  /** Compressed. */
  readonly bytes: number;
  /** Merkle root of its lines, hex. */
  readonly root: string;
}

/** What a sealed segment is known by: written last, so that a segment without one does not exist. */
export interface SegmentManifest extends SegmentRange {
  readonly lastEventId: string;
  /** `ce_time` of the first and of the last event; '' where it has none. */
  readonly times: { readonly first: string; readonly last: string };
  readonly file: { readonly bytes: number; readonly sha256: string };
  readonly frames: readonly SegmentFrame[];
}

/** The manifest as it is stored: its last member is a checksum of everything before it. */
export function renderManifest(manifest: SegmentManifest): string {
  const { file, frames, times } = manifest;
  const body = JSON.stringify(
    {
      format: FORMAT,
      partition: manifest.partition,
      first_offset: String(manifest.first),
      next_offset: String(manifest.next),
      first_time: times.first,
      last_time: times.last,
      last_event_id: manifest.lastEventId,
      file: fileKeyOf(manifest, file.sha256),
      file_bytes: file.bytes,
      file_sha256: file.sha256,
      merkle_root: rootOf(frames),
      frame_events: FRAME_EVENTS,
      frames,
    },
    null,
    1,
  );
  const open = body.slice(0, -2);
  return `${open},\n "checksum": "${hash('sha256', open)}"\n}\n`;
}

interface StoredManifest {
  readonly first_time: string;
  readonly last_time: string;
  readonly last_event_id: string;
  readonly file_bytes: number;
  readonly file_sha256: string;
  readonly frames: readonly SegmentFrame[];
}

/** @throws CorruptLogError when a single bit is not what was written, or the manifest is another range's. */
export function parseManifest(text: string, range: SegmentRange): SegmentManifest {
  const manifest = readManifest(text, range);
  if (manifest !== undefined && isWhole(manifest)) return manifest;
  throw new CorruptLogError(
    `partition ${range.partition}, offset ${range.first}`,
    `the manifest of the archived segment up to offset ${range.next} is not what was written`,
  );
}

/** Undefined unless it is, to the byte, what would be stored for what it says. */
function readManifest(text: string, { partition, first, next }: SegmentRange): SegmentManifest | undefined {
  try {
    const stored = JSON.parse(text) as StoredManifest;
    const manifest: SegmentManifest = {
      partition,
      first,
      next,
      lastEventId: stored.last_event_id,
      times: { first: stored.first_time, last: stored.last_time },
      file: { bytes: stored.file_bytes, sha256: stored.file_sha256 },
      frames: stored.frames.map(({ bytes, root }) => ({ bytes, root })),
    };
    return renderManifest(manifest) === text ? manifest : undefined;
  } catch {
    return undefined; // no JSON, or members that are missing or of another kind
  }
}

function isWhole({ first, next, frames, file }: SegmentManifest): boolean {
  const bytes = frames.reduce((sum, frame) => sum + frame.bytes, 0);
  return frames.length === Math.ceil(Number(next - first) / FRAME_EVENTS) && frames.length > 0 && bytes === file.bytes;
}

const rootOf = (frames: readonly SegmentFrame[]): string =>
  merkleRoot(frames.map(({ root }) => Buffer.from(root, 'hex'))).toString('hex');
