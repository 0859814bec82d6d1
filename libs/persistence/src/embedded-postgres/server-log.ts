import { copyFileSync, openSync, readFileSync, statSync, truncateSync } from 'node:fs';

const LOG_BYTES_MAX = 8 * 1024 * 1024;
const TAIL_LINES = 15;

/** Opens the server's log for appending, so that cutting it off under the running server is safe. */
export function openServerLog(path: string): number {
  const descriptor = openSync(path, 'a', 0o600);
  boundServerLog(path);
  return descriptor;
}

/** Keeps at most twice the bound on disk: the log and its predecessor, `<path>.1`. */
export function boundServerLog(path: string): void {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size <= LOG_BYTES_MAX) return;
  copyFileSync(path, `${path}.1`);
  truncateSync(path);
}

/** Last lines of the log, from a byte on. */
export function tailServerLog(path: string, from: number): string {
  const written = readFileSync(path).subarray(from).toString();
  return written.trimEnd().split('\n').slice(-TAIL_LINES).join('\n');
}
