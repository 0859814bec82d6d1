import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const WRITES = 200;

/** What one durable write of 4 KiB costs in this folder: the floor under everything that waits for the journal. */
export function measureDisk(folder) {
  const file = join(folder, 'fdatasync');
  const handle = openSync(file, 'w');
  const page = Buffer.alloc(4096, 1);
  const times = Array.from({ length: WRITES }, () => {
    const startedAt = performance.now();
    writeSync(handle, page);
    fdatasyncSync(handle);
    return performance.now() - startedAt;
  }).sort((left, right) => left - right);
  closeSync(handle);
  rmSync(file);
  return { p50: times[WRITES / 2], p99: times[WRITES * 0.99] };
}
