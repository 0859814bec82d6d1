import { readFileSync } from 'node:fs';

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
/** The magic number's last bit says in which byte order checksums were made. */
const MAGIC = 0x377f0682;

/** A write-ahead log of SQLite as recovery will see it (https://sqlite.org/fileformat2.html#the_write_ahead_log). */
export interface WriteAheadLog {
  readonly bytes: Buffer;
  readonly frameBytes: number;
  /** Where the frames of the last whole transaction end: what comes after it counts for nothing. */
  readonly end: number;
}

/** Reads the frames up to the first that is torn or left over from an earlier use of the file. */
export function readWriteAheadLog(path: string): WriteAheadLog {
  const bytes = readFileSync(path);
  if (bytes.length < HEADER_BYTES || bytes.readUInt32BE(0) >>> 1 !== MAGIC >>> 1)
    return { bytes, frameBytes: 0, end: 0 };
  const isBigEndian = (bytes.readUInt32BE(0) & 1) === 1;
  const frameBytes = FRAME_HEADER_BYTES + bytes.readUInt32BE(8);
  let sums = new Checksum(isBigEndian).add(bytes.subarray(0, 24));
  let end = HEADER_BYTES;
  for (let at = HEADER_BYTES; at + frameBytes <= bytes.length; at += frameBytes) {
    const frame = bytes.subarray(at, at + frameBytes);
    sums = sums.add(frame.subarray(0, 8)).add(frame.subarray(FRAME_HEADER_BYTES));
    const isOfThisUse = frame.subarray(8, 16).equals(bytes.subarray(16, 24));
    if (!isOfThisUse || !sums.equals(frame.readUInt32BE(16), frame.readUInt32BE(20))) break;
    const isCommit = frame.readUInt32BE(4) !== 0;
    if (isCommit) end = at + frameBytes;
  }
  return { bytes, frameBytes, end };
}

/** The running checksum of a write-ahead log. */
class Checksum {
  constructor(
    private readonly isBigEndian: boolean,
    private readonly first = 0,
    private readonly second = 0,
  ) {}

  add(bytes: Buffer): Checksum {
    let { first, second } = this;
    for (let at = 0; at < bytes.length; at += 8) {
      first = (first + this.word(bytes, at) + second) >>> 0;
      second = (second + this.word(bytes, at + 4) + first) >>> 0;
    }
    return new Checksum(this.isBigEndian, first, second);
  }

  equals(first: number, second: number): boolean {
    return this.first === first && this.second === second;
  }

  private word(bytes: Buffer, at: number): number {
    return this.isBigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at);
  }
}
