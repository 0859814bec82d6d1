import { linkSync, readFileSync, readlinkSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { hasCode } from './embedded-postgres.errors.js';
import { SOCKET_PORT } from './socket-directory.js';

/** A server that runs on a cluster, from the lock file it keeps there. */
export interface Postmaster {
  readonly pid: number;
  readonly socketDir: string;
  /** False while it starts or stops. */
  readonly ready: boolean;
}

const LOCK_FILE = 'postmaster.pid';
/** Lines of the lock file, by PostgreSQL's `pidfile.h`; fewer are there while the server starts. */
const LINE = { pid: 0, socketDir: 4, status: 7 } as const;

/** The server that runs on a cluster now. A lock file left behind by a crash counts as none. */
export function findPostmaster(clusterDir: string): Postmaster | undefined {
  const lines = readLock(join(clusterDir, LOCK_FILE))?.split('\n');
  const pid = Number.parseInt(lines?.[LINE.pid] ?? '', 10);
  if (lines === undefined || !isPostmasterOf(clusterDir, pid)) return undefined;
  return { pid, socketDir: lines[LINE.socketDir] ?? '', ready: lines[LINE.status]?.trim() === 'ready' };
}

/** Whether the last server on a cluster neither runs nor has shut down: it was killed. */
export function hasCrashed(clusterDir: string): boolean {
  return readLock(join(clusterDir, LOCK_FILE)) !== undefined && findPostmaster(clusterDir) === undefined;
}

/**
 * Removes lock files whose process id now belongs to a stranger, usual after a container's restart: PostgreSQL would
 * take the stranger for its predecessor and refuse to start. It sees through those of dead processes by itself.
 */
export function removeStaleLocks(clusterDir: string, socketDir: string): void {
  for (const lock of [join(clusterDir, LOCK_FILE), join(socketDir, `.s.PGSQL.${SOCKET_PORT}.lock`)]) {
    const stale = readLock(lock);
    const pid = Number.parseInt(stale ?? '', 10);
    if (!isAlive(pid) || isPostmasterOf(clusterDir, pid)) continue;

    removeUnlessChanged(lock, stale);
  }
}

function removeUnlessChanged(lock: string, content: string | undefined): void {
  const aside = `${lock}.${process.pid}`;
  try {
    renameSync(lock, aside);
    if (readLock(aside) !== content) linkSync(aside, lock); // another start has just put its own there
  } catch (error) {
    if (!hasCode(error, 'ENOENT', 'EEXIST')) throw error; // another start does the same
  }
  rmSync(aside, { force: true });
}

/** Whether a process of this user has this id. */
export function isAlive(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** A postmaster's working directory is its cluster. Where the system does not tell, being alive has to do. */
function isPostmasterOf(clusterDir: string, pid: number): boolean {
  if (!isAlive(pid)) return false;
  if (process.platform !== 'linux') return true;
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(clusterDir);
  } catch (error) {
    return !hasCode(error, 'ENOENT'); // gone meanwhile, or a zombie
  }
}

function readLock(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}
