import { ArchiveStore, ArchiveStoreError } from '../store/archive-store.port.js';

/** An archive in memory that can be cut off at any step, as a killed process is. */
export class MemoryArchiveStore extends ArchiveStore {
  readonly objects = new Map<string, Buffer>();
  /** Steps left until everything fails; a put is two steps, before and after the bytes are there. */
  stepsLeft = Infinity;
  steps = 0;

  put(key: string, bytes: Uint8Array): Promise<void> {
    return this.#step(() => {
      this.objects.set(key, Buffer.from(bytes));
      this.#count();
    });
  }

  get(key: string): Promise<Buffer | null> {
    return this.#step(() => {
      const bytes = this.objects.get(key);
      return bytes === undefined ? null : Buffer.from(bytes);
    });
  }

  list(prefix: string): Promise<readonly string[]> {
    return this.#step(() => [...this.objects.keys()].filter((key) => key.startsWith(prefix)).sort());
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #step<Result>(work: () => Result): Promise<Result> {
    await Promise.resolve();
    this.#count();
    return work();
  }

  #count(): void {
    this.steps += 1;
    this.stepsLeft -= 1;
    if (this.stepsLeft < 0) throw new ArchiveStoreError('The archive was cut off.');
  }
}
