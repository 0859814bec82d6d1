import { ConfigurationError } from '../../gateway/src/config/gateway.config.js';
import { createLogger } from '#telemetry';
import { startStandalone, type RunningStandalone } from './start-standalone.js';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
/** One Ctrl-C may arrive twice, from the process group and from a launcher; what comes later is impatience. */
const IMPATIENT_AFTER_MS = 1_000;

const starting = startStandalone();
let stoppingSinceMs: number | null = null;
for (const signal of SIGNALS) process.on(signal, stop);

try {
  await starting;
} catch (error) {
  // What an operator can mend is told in words; only the unexpected needs a stack.
  if (error instanceof ConfigurationError || isOperational(error)) console.error(error.message);
  else createLogger('info', 'standalone').fatal({ err: error }, 'the start failed');
  process.exit(1);
}

/** Stops once it has started: whatever has been begun by then is ended in order. */
function stop(): void {
  if (stoppingSinceMs !== null) {
    if (performance.now() - stoppingSinceMs > IMPATIENT_AFTER_MS) process.exit(1);
    return;
  }
  stoppingSinceMs = performance.now();
  starting.then(stopStarted, () => undefined); // a failed start is told where it is awaited
}

async function stopStarted(standalone: RunningStandalone): Promise<void> {
  try {
    await standalone.stop();
    process.exit(0);
  } catch (error) {
    standalone.logger.fatal({ err: error }, 'the stop failed');
    process.exit(1);
  }
}

function isOperational(error: unknown): error is Error {
  const names = [
    'CorruptLogError',
    'DataLockedError',
    'EmbeddedPostgresError',
    'BootstrapKeyRevokedError',
    'BudgetConfigurationError',
    'JournalLostError',
    'ListenError',
  ];
  return error instanceof Error && names.includes(error.name);
}
