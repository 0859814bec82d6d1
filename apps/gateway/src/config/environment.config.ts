import { resolve } from 'node:path';
import { Secret } from '#contracts';

const DURABILITIES = ['overlapped', 'strict', 'replicated'] as const;
/**
 * When facts count as durable: on this replica's disk, RequestRouted before the first byte to the client
 * (`overlapped`) or before the call (`strict`); or with Kafka's brokers (`replicated`), in the order of `overlapped`.
 */
export type Durability = (typeof DURABILITIES)[number];

/** Everything the environment says, checked. */
export interface Environment {
  readonly port: number;
  readonly host: string;
  /** Directory of the journal and the embedded database. */
  readonly dataDir: string;
  readonly configPath: string;
  readonly configRequired: boolean;
  readonly bootstrapKey: Secret | null;
  /** Shared by all gateways of a deployment; null where each is by itself. */
  readonly redisUrl: Secret | null;
  /** Callers without a key are let in; only ever true on loopback. */
  readonly anonymous: boolean;
  readonly durability: Durability;
  readonly logLevel: string;
  /** Requests in flight beyond which new ones are shed with 503. */
  readonly inFlightMax: number;
  /** Processes that share the port, each with a journal of its own. */
  readonly workers: number;
  /** How long a gateway that was told to stop goes on answering, while it already says that it is not ready. */
  readonly drainGraceMs: number;
  /** Size of each journal at which no request is taken any more; null: 20 GiB, or its share of the disk if less. */
  readonly journalBytesMax: number | null;
  readonly variables: NodeJS.ProcessEnv;
}

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|localhost)$/;
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];
/** Shortest bootstrap key: less could be guessed. */
const BOOTSTRAP_KEY_LENGTH_MIN = 32;
const WORKERS_MAX = 64;
const SIZE = /^(\d{1,15})(MiB|GiB|TiB)?$/;
const UNIT_BYTES: Readonly<Record<string, number>> = { MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };
/** Less would leave no room for the facts of requests under way. */
const JOURNAL_BYTES_LEAST = 16 * 2 ** 20;

/** Reads the environment once; every bad variable is added to `problems`. */
export function readEnvironment(given: NodeJS.ProcessEnv, problems: string[]): Environment {
  // Compose files and shells pass on a variable without a value as an empty one.
  const variables = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ''));
  const host = variables['HOST'] ?? '127.0.0.1';
  const anonymous = readBoolean('OVERTURE_ANONYMOUS', variables, problems);
  if (anonymous && !LOOPBACK.test(host)) {
    problems.push(`OVERTURE_ANONYMOUS: only allowed on loopback, but HOST is ${host}: unset one of them`);
  }
  return {
    port: readInteger({ name: 'PORT', fallback: 8081, min: 0, max: 65_535 }, variables, problems),
    host,
    dataDir: resolve(variables['OVERTURE_DATA'] ?? '.overture'),
    configPath: resolve(variables['OVERTURE_CONFIG'] ?? 'overture.yaml'),
    configRequired: variables['OVERTURE_CONFIG'] !== undefined,
    bootstrapKey: readBootstrapKey(variables['OVERTURE_BOOTSTRAP_KEY'], problems),
    redisUrl: readRedisUrl(variables['OVERTURE_REDIS_URL'], problems),
    anonymous,
    durability: readOneOf({ name: 'DURABILITY', fallback: 'overlapped', allowed: DURABILITIES }, variables, problems),
    logLevel: readOneOf({ name: 'LOG_LEVEL', fallback: 'info', allowed: LOG_LEVELS }, variables, problems),
    inFlightMax: readInteger(
      { name: 'OVERTURE_IN_FLIGHT_MAX', fallback: 4096, min: 1, max: 1_000_000 },
      variables,
      problems,
    ),
    workers: readInteger({ name: 'WORKERS', fallback: 1, min: 1, max: WORKERS_MAX }, variables, problems),
    journalBytesMax: readJournalMax(variables['OVERTURE_JOURNAL_MAX'], problems),
    drainGraceMs:
      readInteger({ name: 'OVERTURE_DRAIN_GRACE_SECONDS', fallback: 0, min: 0, max: 600 }, variables, problems) * 1000,
    variables,
  };
}

function readInteger(
  { name, fallback, min, max }: { name: string; fallback: number; min: number; max: number },
  variables: NodeJS.ProcessEnv,
  problems: string[],
): number {
  const text = variables[name];
  if (text === undefined) return fallback;
  const value = Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  problems.push(`${name}: "${text}" is not a whole number from ${min} to ${max}`);
  return fallback;
}

function readJournalMax(text: string | undefined, problems: string[]): number | null {
  if (text === undefined) return null;
  const [, number, unit] = SIZE.exec(text) ?? [];
  const bytes = Number(number) * (unit === undefined ? 1 : (UNIT_BYTES[unit] ?? Number.NaN));
  if (bytes >= JOURNAL_BYTES_LEAST && Number.isSafeInteger(bytes)) return bytes;
  problems.push(
    `OVERTURE_JOURNAL_MAX: "${text}" is not a size of at least 16MiB, as 40GiB, 512MiB or a number of bytes`,
  );
  return null;
}

function readOneOf<T extends string>(
  { name, fallback, allowed }: { name: string; fallback: T; allowed: readonly T[] },
  variables: NodeJS.ProcessEnv,
  problems: string[],
): T {
  const text = variables[name] ?? fallback;
  const found = allowed.find((value) => value === text);
  if (found === undefined) problems.push(`${name}: "${text}" is not one of ${allowed.join(', ')}`);
  return found ?? fallback;
}

function readBoolean(name: string, variables: NodeJS.ProcessEnv, problems: string[]): boolean {
  return readOneOf({ name, fallback: 'false', allowed: ['true', 'false'] }, variables, problems) === 'true';
}

function readBootstrapKey(key: string | undefined, problems: string[]): Secret | null {
  if (key === undefined) return null;
  if (!/^sk-igris-[A-Za-z0-9_-]+$/.test(key) || key.length < BOOTSTRAP_KEY_LENGTH_MIN) {
    problems.push(
      `OVERTURE_BOOTSTRAP_KEY: must start with sk-igris- and have at least ${BOOTSTRAP_KEY_LENGTH_MIN} characters, ` +
        'letters, digits, - and _ only',
    );
  }
  return new Secret(key);
}

/** The Redis that gateways share; null where there is none. The value is not shown: it may hold a password. */
export function readRedisUrl(text: string | undefined, problems: string[]): Secret | null {
  if (text === undefined || text === '') return null;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !['redis:', 'rediss:'].includes(url.protocol) || url.hostname === '') {
    problems.push('OVERTURE_REDIS_URL: must be redis://host:port, or rediss:// for TLS');
  }
  return new Secret(text);
}
