import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for some work, however it ends, and for at most so long; leaves no timer behind. */
export async function atMost(durationMs: number, work: Promise<unknown>): Promise<void> {
  const over = new AbortController();
  const late = sleep(durationMs, undefined, { signal: over.signal }).catch(() => undefined);
  await Promise.race([work.catch(() => undefined), late]);
  over.abort();
}
