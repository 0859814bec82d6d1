/**
 * Where sealed segments are kept: a folder, a bucket. Keys are paths like `partition-17/….jsonl.zst`. Nothing is ever
 * deleted, and what is put again under a key is the same.
 */
export abstract class ArchiveStore {
  /** Resolves when the bytes are durable. A reader sees all of them or nothing. @throws ArchiveStoreError */
  abstract put(key: string, bytes: Uint8Array): Promise<void>;
  /** Null when there is nothing under this key. @throws ArchiveStoreError */
  abstract get(key: string): Promise<Buffer | null>;
  /** Every key that begins so, in the order of their bytes. @throws ArchiveStoreError */
  abstract list(prefix: string): Promise<readonly string[]>;
  abstract close(): Promise<void>;
}

/** The store cannot be reached, or refuses. Says nothing about the log: trying again is safe. */
export class ArchiveStoreError extends Error {
  override name = 'ArchiveStoreError';
}
