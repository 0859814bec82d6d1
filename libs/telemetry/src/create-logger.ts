import { pino, type DestinationStream, type Logger, type LoggerOptions } from 'pino';

/** Fields whose value is replaced, down to REDACTED_DEPTH; bodies are not logged at all. */
const REDACTED_PATHS = [
  'authorization',
  'apiKey',
  'api_key',
  'password',
  'secret',
  'headers',
  'body',
  'messages',
  'prompt',
];

/** Errors of libraries carry requests within causes within details. */
const REDACTED_DEPTH = 5;
const ABOVE = Array.from({ length: REDACTED_DEPTH }, (_, depth) => '*.'.repeat(depth));

/** Pino settings that every process shares: one JSON line per entry, UTC times, secrets and prompts redacted. */
function loggerOptions(level: string, process: string): LoggerOptions {
  return {
    level,
    base: { process },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: REDACTED_PATHS.flatMap((path) => ABOVE.map((above) => above + path)), censor: '[redacted]' },
  };
}

/** A logger for code that runs outside Nest's container. */
export function createLogger(level: string, process: string, destination?: DestinationStream): Logger {
  return destination === undefined
    ? pino(loggerOptions(level, process))
    : pino(loggerOptions(level, process), destination);
}
