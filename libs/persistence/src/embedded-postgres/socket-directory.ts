import { createHash } from 'node:crypto';
import { lstat, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedPostgresError, hasCode } from './embedded-postgres.errors.js';

/** Part of the socket's file name, and what a client calls the port. No TCP port is opened. */
export const SOCKET_PORT = 5432;

/** Longest path of a Unix socket on Linux; sun_path is 108 bytes with the closing zero. macOS has 104. */
const SOCKET_PATH_BYTES_MAX = process.platform === 'darwin' ? 103 : 107;

/**
 * A directory that only this user can enter, near enough to the root for a socket's short path: in the data directory
 * or, when that is too deep, one of its own (the same at every start) in the system's directory for temporary files.
 */
export async function openSocketDirectory(dataDir: string): Promise<string> {
  const digest = createHash('sha256').update(dataDir).digest('hex').slice(0, 16);
  const candidates = [join(dataDir, 'socket'), join(tmpdir(), `overture-${digest}`)];
  const chosen = candidates.find(fitsSocket);
  if (chosen === undefined) {
    throw new EmbeddedPostgresError(
      `No room for a socket in ${candidates.join(' or ')}: choose a shorter data directory.`,
    );
  }
  await mkdir(chosen, { mode: 0o700 }).catch((error: unknown) => {
    if (!hasCode(error, 'EEXIST')) throw error;
  });
  await assertPrivate(chosen);
  return chosen;
}

function fitsSocket(dir: string): boolean {
  return Buffer.byteLength(join(dir, `.s.PGSQL.${SOCKET_PORT}`)) <= SOCKET_PATH_BYTES_MAX;
}

/** Someone else could have made the directory first, and would then stand between client and server. */
async function assertPrivate(dir: string): Promise<void> {
  const found = await lstat(dir);
  const isPrivate = found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o077) === 0;
  if (!isPrivate) {
    throw new EmbeddedPostgresError(
      `${dir} must be a directory of this user with mode 0700: remove it and start again.`,
    );
  }
}
