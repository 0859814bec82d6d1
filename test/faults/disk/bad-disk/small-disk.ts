import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, rmdirSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const FILLER = 'filler';
/** First in large pieces, then down to the last page. */
const PIECES_BYTES = [1_048_576, 4_096];

/** A file system of its own, so small that a test can fill it. */
export class SmallDisk {
  private constructor(readonly directory: string) {}

  /** @throws Error where this process may not mount anything. */
  static mount(directory: string, size: string): SmallDisk {
    mkdirSync(directory, { recursive: true });
    const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', directory]);
    if (status !== 0) throw new Error(`mount ended with ${status}: ${String(stderr)}`);
    return new SmallDisk(directory);
  }

  /** Takes all the room there is left. Returns how many bytes that were. */
  fill(): number {
    const file = openSync(join(this.directory, FILLER), 'w');
    try {
      return PIECES_BYTES.reduce((sum, bytes) => sum + writeUntilFull(file, Buffer.alloc(bytes)), 0);
    } finally {
      closeSync(file);
    }
  }

  free(): void {
    rmSync(join(this.directory, FILLER), { force: true });
  }

  unmount(): void {
    spawnSync('umount', [this.directory]);
  }
}

function writeUntilFull(file: number, piece: Buffer): number {
  for (let written = 0; ; written += piece.length) {
    try {
      writeSync(file, piece);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      return written;
    }
  }
}

function isMountable(): boolean {
  const directory = mkdtempSync(join(tmpdir(), 'overture-mount-'));
  try {
    SmallDisk.mount(directory, '1m').unmount();
    return true;
  } catch {
    return false;
  } finally {
    rmdirSync(directory);
  }
}

/** Tests that need a file system of their own skip themselves where none can be mounted; .ci/run then fails. */
export const describeWithSmallDisk = isMountable() ? describe : describe.skip;
