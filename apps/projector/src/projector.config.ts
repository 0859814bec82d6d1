import type { Secret } from '#contracts';
import { readKafkaSettings, warningsAbout, type KafkaSettings } from '#event-log';
import { readDatabaseUrl } from '#persistence';
import type { StatusAddress } from './status/status-server.js';

/** What a projector was told, checked. */
export interface ProjectorConfig {
  /** The log that is folded: the folder of a journal, or the topic that all replicas share. */
  readonly log: { readonly journalDir: string } | { readonly kafka: KafkaSettings };
  /** Connection URL of the projector's login, password included. */
  readonly databaseUrl: Secret;
  readonly logLevel: string;
  /** Events of one transaction at most: what a stop may have to wait for, and what a crash repeats. */
  readonly batchEventsMax: number;
  /** Priority below other processes, 0 to 19: where cores are few, gateways come first. */
  readonly niceness: number;
  /** Where it tells how it is; null unless it is told a port. */
  readonly statusAddress: StatusAddress | null;
  /** What is taken as it is, and should be told at the start. */
  readonly warnings: readonly string[];
}

/** The projector was told things that cannot be; all of them are named. */
export class ProjectorConfigError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`The projector cannot start:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ProjectorConfigError';
  }
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

/** @throws ProjectorConfigError listing every bad variable at once. */
export function readProjectorConfig(variables: NodeJS.ProcessEnv = process.env): ProjectorConfig {
  const problems: string[] = [];
  const required = (name: string, what: string): string => {
    const text = variables[name] ?? '';
    if (text === '') problems.push(`${name}: missing; set it to ${what}`);
    return text;
  };
  const whole = (name: string, range: { fallback: number; min: number; max: number }): number => {
    const value = Number(variables[name] ?? range.fallback);
    if (Number.isInteger(value) && value >= range.min && value <= range.max) return value;
    problems.push(`${name}: "${variables[name]}" is not a whole number from ${range.min} to ${range.max}`);
    return range.fallback;
  };
  const logLevel = variables['LOG_LEVEL'] ?? 'info';
  if (!LOG_LEVELS.includes(logLevel)) problems.push(`LOG_LEVEL: "${logLevel}" is not one of ${LOG_LEVELS.join(', ')}`);

  const kafka = readKafkaSettings(variables, problems);
  const config = {
    log:
      kafka === null
        ? { journalDir: required('OVERTURE_JOURNAL', 'the folder of the journal, or set OVERTURE_KAFKA_BROKERS') }
        : { kafka },
    databaseUrl: readDatabaseUrl({ name: 'OVERTURE_DATABASE_URL', login: 'projector' }, variables, problems),
    logLevel,
    batchEventsMax: whole('OVERTURE_PROJECTOR_BATCH', { fallback: 1_000, min: 1, max: 20_000 }),
    niceness: whole('OVERTURE_PROJECTOR_NICENESS', { fallback: 10, min: 0, max: 19 }),
    statusAddress:
      (variables['OVERTURE_PROJECTOR_PORT'] ?? '') === ''
        ? null
        : {
            port: whole('OVERTURE_PROJECTOR_PORT', { fallback: 0, min: 0, max: 65_535 }),
            host: variables['HOST'] || '127.0.0.1',
          },
    warnings: kafka === null ? [] : warningsAbout(kafka),
  };
  if (problems.length > 0) throw new ProjectorConfigError(problems);
  return config;
}
