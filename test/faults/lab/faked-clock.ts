import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const LIBRARIES = '/usr/lib';
/** Seconds for which libfaketime believes what it last read of its file. */
const READ_AGAIN_S = 1;

/** Where Debian's package `libfaketime` puts it, below a folder of the architecture. */
const LIBRARY = existsSync(LIBRARIES)
  ? readdirSync(LIBRARIES)
      .map((folder) => join(LIBRARIES, folder, 'faketime', 'libfaketime.so.1'))
      .find((path) => existsSync(path))
  : undefined;

/** The wall clock of processes that run with its environment; their monotonic clock stays true, as in real jumps. */
export class FakedClock {
  private readonly folder = mkdtempSync(join(tmpdir(), 'overture-clock-'));
  private readonly file = join(this.folder, 'offset');

  constructor() {
    this.jumpTo(0);
  }

  get environment(): Record<string, string> {
    return {
      LD_PRELOAD: LIBRARY ?? '',
      FAKETIME_TIMESTAMP_FILE: this.file,
      FAKETIME_CACHE_DURATION: String(READ_AGAIN_S),
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
  }

  /** So many seconds ahead of the true time, or behind it; seen by its processes within a second. */
  jumpTo(aheadS: number): void {
    writeFileSync(this.file, `${aheadS < 0 ? '' : '+'}${aheadS}\n`);
  }

  discard(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Tests that need libfaketime skip themselves on a machine without it; .ci/run then fails. */
export const describeWithFakedClock = LIBRARY === undefined ? describe.skip : describe;
