import { randomUUID } from 'node:crypto';
import { open, readFile, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { makeDirectory, syncDirectory } from '../../journal/segment/durable-directory.js';
import { ArchiveStore, ArchiveStoreError } from './archive-store.port.js';

/** A file that is being written. One that a crash left behind is never looked at. */
const DRAFT = '.draft';

/** An archive in a folder, of this machine or of a file server. */
export class DirectoryArchiveStore extends ArchiveStore {
  constructor(private readonly directory: string) {
    super();
  }

  put(key: string, bytes: Uint8Array): Promise<void> {
    return this.#told(async () => {
      const target = join(this.directory, key);
      const draft = `${target}.${randomUUID()}${DRAFT}`;
      makeDirectory(dirname(target));
      try {
        await writeDurably(draft, bytes);
        await rename(draft, target);
      } catch (error) {
        await rm(draft, { force: true });
        throw error;
      }
      syncDirectory(dirname(target));
    });
  }

  get(key: string): Promise<Buffer | null> {
    return this.#told(() => readFile(join(this.directory, key)).catch(nullWhenMissing));
  }

  list(prefix: string): Promise<readonly string[]> {
    return this.#told(async () => {
      const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
      const entries = await readdir(join(this.directory, folder), { withFileTypes: true, recursive: true }).catch(
        nullWhenMissing,
      );
      return (entries ?? [])
        .filter((entry) => entry.isFile() && !basename(entry.name).endsWith(DRAFT))
        .map((entry) => this.#keyOf(join(entry.parentPath, entry.name)))
        .filter((key) => key.startsWith(prefix))
        .sort();
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #keyOf(path: string): string {
    return path.slice(join(this.directory, '/').length).replaceAll('\\', '/');
  }

  async #told<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      const { message } = error as Error;
      throw new ArchiveStoreError(`The archive in ${this.directory} fails: ${message}.`, { cause: error });
    }
  }
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

function nullWhenMissing(error: unknown): null {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
  throw error;
}
