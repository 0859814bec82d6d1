import type { Logger } from 'pino';
import { createLogger } from '#telemetry';
import { explanationOf } from './operational-errors.js';

/** What ends a process in order. */
export const STOP_SIGNALS = ['SIGTERM', 'SIGINT'] as const;
/** One Ctrl-C may arrive twice, from the process group and from a launcher; what comes later is impatience. */
const IMPATIENT_AFTER_MS = 1_000;

interface Running {
  readonly logger: Logger;
  stop(): Promise<void>;
  /** Somebody has no patience: takes along whatever would outlive this process. */
  endAtOnce?(): void;
}

/** A process's whole life: start, serve until a signal comes, stop in order. A second signal ends it at once. */
export async function runUntilStopped(name: string, start: () => Promise<Running>): Promise<void> {
  const starting = start();
  let running: Running | null = null;
  let stoppingSinceMs: number | null = null;
  for (const signal of STOP_SIGNALS) {
    process.on(signal, () => {
      if (stoppingSinceMs !== null) {
        if (performance.now() - stoppingSinceMs <= IMPATIENT_AFTER_MS) return;
        running?.endAtOnce?.();
        process.exit(1);
      }
      stoppingSinceMs = performance.now();
      starting.then(stop, () => undefined); // a failed start is told where it is awaited
    });
  }
  try {
    running = await starting;
  } catch (error) {
    const explanation = explanationOf(error);
    if (explanation === null) createLogger('info', name).fatal({ err: error }, 'the start failed');
    else process.stderr.write(`${explanation}\n`);
    process.exit(1);
  }
}

async function stop(running: Running): Promise<void> {
  try {
    await running.stop();
    process.exit(0);
  } catch (error) {
    running.logger.fatal({ err: error }, 'the stop failed');
    process.exit(1);
  }
}
