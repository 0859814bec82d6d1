/** Keeps answers for a while, sealed by whoever puts them here. A miss costs an answer and nothing else. */
export abstract class AnswerCache {
  /** Null when there is none, or nobody can be asked. Never rejects. */
  abstract find(name: string): Uint8Array | null | Promise<Uint8Array | null>;
  /** Nobody waits for it, and it may be lost. */
  abstract put(name: string, answer: Uint8Array): void;
}
