import type { Logger } from 'pino';
import { createLogger } from '#telemetry';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
/** One Ctrl-C may arrive twice, from the process group and from a launcher; what comes later is impatience. */
const IMPATIENT_AFTER_MS = 1_000;
/** What an operator can mend: told in words, without a stack. */
const OPERATIONAL = new Set([
  'BootstrapKeyRevokedError',
  'BudgetConfigurationError',
  'ConfigurationError',
  'CorruptLogError',
  'DataLockedError',
  'EmbeddedPostgresError',
  'JournalLostError',
  'LimitConfigurationError',
  'ListenError',
  'SchemaOutdatedError',
  'SlotTakenError',
]);

interface Running {
  readonly logger: Logger;
  stop(): Promise<void>;
}

/** A process's whole life: start, serve until a signal comes, stop in order. A second signal ends it at once. */
export async function runUntilStopped(name: string, start: () => Promise<Running>): Promise<void> {
  const starting = start();
  let stoppingSinceMs: number | null = null;
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (stoppingSinceMs !== null) {
        if (performance.now() - stoppingSinceMs > IMPATIENT_AFTER_MS) process.exit(1);
        return;
      }
      stoppingSinceMs = performance.now();
      starting.then(stop, () => undefined); // a failed start is told where it is awaited
    });
  }
  try {
    await starting;
  } catch (error) {
    if (error instanceof Error && OPERATIONAL.has(error.name)) process.stderr.write(`${error.message}\n`);
    else createLogger('info', name).fatal({ err: error }, 'the start failed');
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
