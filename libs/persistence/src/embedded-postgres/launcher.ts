import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { promisify } from 'node:util';
import { EmbeddedPostgresError, reasonOf, USE_OWN_SERVER } from './embedded-postgres.errors.js';

/** How to run a program of PostgreSQL: the command before it and its environment. */
export interface Launcher {
  command(program: string, args: readonly string[]): readonly [file: string, args: string[]];
  readonly env: Readonly<Record<string, string>>;
}

const UNSHARE = 'unshare';
/** What unmapped files seem to belong to in a user namespace; as the server's user it would blur who owns what. */
const OVERFLOW_UID = 65_534;

/**
 * PostgreSQL refuses to run as root, and initdb under a number that has no name, as containers like to hand out. A user
 * namespace that shows the process under another number satisfies both, and needs neither an account on the machine nor
 * a change of the data directory's owner: outside the namespace the files belong to whoever started it.
 * @throws EmbeddedPostgresError when user namespaces are needed and barred.
 */
export async function createLauncher(libraryPath: string | null): Promise<Launcher> {
  // Nothing of our own environment: it holds the providers' keys.
  const env = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    LC_ALL: 'C',
    ...(libraryPath === null ? {} : { LD_LIBRARY_PATH: libraryPath }),
  };
  if (process.getuid?.() !== 0 && hasName()) return { env, command: (program, args) => [program, [...args]] };

  const uid = await findNamedUid();
  const disguise = ['--user', `--map-user=${uid}`, `--map-group=${uid}`];
  await assertNamespaces(disguise, env);
  return { env, command: (program, args) => [UNSHARE, [...disguise, program, ...args]] };
}

function hasName(): boolean {
  try {
    return userInfo().username !== '';
  } catch {
    return false;
  }
}

/** Number of any user but root; nothing is done in this user's name outside the namespace. */
async function findNamedUid(): Promise<number> {
  const accounts = await readFile('/etc/passwd', 'utf8').catch(() => '');
  const uids = accounts.split('\n').map((line) => Number.parseInt(line.split(':')[2] ?? '', 10));
  return uids.find((uid) => uid > 0 && uid !== OVERFLOW_UID) ?? OVERFLOW_UID;
}

async function assertNamespaces(disguise: readonly string[], env: Record<string, string>): Promise<void> {
  try {
    await promisify(execFile)(UNSHARE, [...disguise, 'true'], { env });
  } catch (cause) {
    throw new EmbeddedPostgresError(
      `PostgreSQL does not run as root or as a user without a name, and a user namespace, the way round it, is ` +
        `barred here (${reasonOf(cause)}): start as an ordinary user that owns the data directory, ${USE_OWN_SERVER}.`,
      { cause },
    );
  }
}
