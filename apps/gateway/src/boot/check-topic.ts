import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { LogUnavailableError } from '#event-log';
import type { Started } from './started.js';

/** Kafka that is silent is not waited for any longer: the journal takes what comes. */
const WAIT_MS = 3_000;
const AGAIN_AFTER_MS = 5_000;

interface Surroundings {
  readonly logger: Pick<Logger, 'error'>;
  readonly started: Pick<Started, 'add'>;
  /** Ends with the signal at the latest, and keeps no process. */
  readonly pause?: (durationMs: number, signal: AbortSignal) => Promise<void>;
}

const pauseOf = (durationMs: number, signal: AbortSignal): Promise<void> =>
  sleep(durationMs, undefined, { ref: false, signal }).catch(() => undefined);

/**
 * Refuses a topic that is not there, or is another one: the journal would fill and never be shipped. With Kafka away
 * the start goes on; what comes out when it answers is told as an error.
 * @param ask rejects by LogUnavailableError when nobody answers. @throws what it rejects by otherwise.
 */
export async function checkTopic(
  ask: () => Promise<void>,
  { logger, started, pause = pauseOf }: Surroundings,
): Promise<void> {
  const over = started.add(new AbortController(), (controller) => Promise.resolve(controller.abort()));
  const away = Promise.withResolvers<void>();
  const asked = untilAnswered(ask, { signal: over.signal, pause, onAway: away.resolve });
  await Promise.race([asked, away.promise, pause(WAIT_MS, over.signal)]);
  // Nothing else hears of it if it is still under way.
  void asked.catch((error: unknown) => logger.error({ alert: 'topic_mismatch', err: error }, String(error)));
}

async function untilAnswered(
  ask: () => Promise<void>,
  { signal, pause, onAway }: Required<Pick<Surroundings, 'pause'>> & { signal: AbortSignal; onAway: () => void },
): Promise<void> {
  while (!signal.aborted) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof LogUnavailableError)) throw error;
      onAway();
      await pause(AGAIN_AFTER_MS, signal);
    }
  }
}
