import { execFile } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { access, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { EmbeddedPostgresError, hasCode, reasonOf } from './embedded-postgres.errors.js';
import type { Launcher } from './launcher.js';
import { isAlive } from './postmaster-file.js';

/** Superuser of the embedded server; used for provisioning only. */
export const SUPERUSER = 'postgres';

const PASSWORD_FILE = 'overture.password';
const DRAFT = 'initdb-';

/** The server's own directory, made on first use. */
export interface Cluster {
  readonly dir: string;
  /** Superuser's password; every other login's is derived from it. */
  readonly password: string;
}

interface ClusterOptions {
  readonly dataDir: string;
  readonly initdb: string;
  readonly launcher: Launcher;
}

/**
 * Opens `<dataDir>/cluster`, or makes it: initdb works in a draft directory that is renamed when it is whole, so that a
 * crash half-way leaves only a draft, removed by a later start. Of several processes at once the first to rename wins.
 */
export async function openCluster(options: ClusterOptions): Promise<Cluster> {
  const dir = join(options.dataDir, 'cluster');
  if (!(await holdsCluster(dir))) {
    await removeDeadDrafts(options.dataDir);
    await createCluster(dir, options);
  }
  return { dir, password: (await readFile(join(dir, PASSWORD_FILE), 'utf8')).trim() };
}

/** Password of another login: one secret on disk is enough. */
export function derivePassword(cluster: Cluster, login: string): string {
  if (login === SUPERUSER) return cluster.password;
  return createHmac('sha256', cluster.password).update(login).digest('base64url');
}

async function holdsCluster(dir: string): Promise<boolean> {
  return access(join(dir, PASSWORD_FILE)).then(
    () => true,
    () => false,
  );
}

/**
 * Drafts are named for the process that ordered them; one whose process is gone will never be used. What cannot be
 * removed yet, because its initdb is still writing, is left to the next start.
 */
async function removeDeadDrafts(dataDir: string): Promise<void> {
  const drafts = (await readdir(dataDir)).filter((name) => name.startsWith(DRAFT));
  const dead = drafts.filter((name) => !isAlive(Number.parseInt(name.slice(DRAFT.length), 10)));
  await Promise.allSettled(dead.map((name) => rm(join(dataDir, name), { recursive: true, force: true })));
}

async function createCluster(dir: string, { dataDir, initdb, launcher }: ClusterOptions): Promise<void> {
  const draft = join(dataDir, `${DRAFT}${process.pid}-${randomBytes(4).toString('hex')}`);
  const passwordFile = `${draft}.password`;
  try {
    await writeFile(passwordFile, randomBytes(32).toString('base64url'), { mode: 0o600, flush: true });
    await runInitdb(initdb, ['-D', draft, `--pwfile=${passwordFile}`], launcher);
    await rename(passwordFile, join(draft, PASSWORD_FILE));
    await syncDirectory(draft);
    await rename(draft, dir);
    await syncDirectory(dirname(dir));
  } catch (error) {
    await Promise.all([draft, passwordFile].map((path) => rm(path, { recursive: true, force: true })));
    if (!hasCode(error, 'ENOTEMPTY', 'EEXIST')) throw error;
    if (await holdsCluster(dir)) return; // another process was faster
    throw new EmbeddedPostgresError(`${dir} holds no cluster of ours, or has lost ${PASSWORD_FILE}: move it away.`);
  }
}

async function runInitdb(initdb: string, args: readonly string[], launcher: Launcher): Promise<void> {
  // The builtin C.UTF-8 orders by code point on every machine and never changes with the system's libraries.
  const locale = ['--encoding=UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'];
  const fixed = [`--username=${SUPERUSER}`, '--auth=scram-sha-256', '--no-instructions', ...locale];
  const [file, argv] = launcher.command(initdb, [...args, ...fixed]);
  await promisify(execFile)(file, argv, { env: launcher.env }).catch((cause: unknown) => {
    throw new EmbeddedPostgresError(`initdb failed: ${reasonOf(cause)}`, { cause });
  });
}

async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
