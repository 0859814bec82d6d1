/**
 * Takes the place of `node:timers/promises`: its timers are those of the world, and a breath between two batches is no
 * step of its own, for no scheduler would know of it.
 */
export const setImmediate = (): Promise<void> => Promise.resolve();

export function setTimeout<Value>(
  delayMs: number,
  value?: Value,
  { signal }: { signal?: AbortSignal } = {},
): Promise<Value | undefined> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(new Error('aborted'));
    const timer = globalThis.setTimeout(() => resolve(value), delayMs);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(new Error('aborted'));
    });
  });
}
