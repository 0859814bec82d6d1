import { join, resolve } from 'node:path';
import type { Secret } from '#contracts';
import { readArchiveLocation, readKafkaSettings, type ArchiveLocation, type KafkaSettings } from '#event-log';
import { readDatabaseUrl } from '#persistence';
import { readRedisUrl } from '../../gateway/src/config/environment.config.js';
import { readTenancyConfig, type TenancyConfig } from '../../gateway/src/config/gateway.config.js';
import { CommandFailedError } from './cli.errors.js';

/** A deployment of several gateways. */
export interface ClusterSettings {
  readonly kafka: KafkaSettings;
  readonly replicationFactor: number;
  /** Connection URLs of the two logins that commands work with, passwords included. */
  readonly migratorUrl: Secret;
  readonly projectorUrl: Secret;
}

const REPLICATION_FACTOR = 3;
/** Variables with the connections of a cluster's databases. */
export const MIGRATOR_URL = 'OVERTURE_MIGRATOR_URL';
export const PROJECTOR_URL = 'OVERTURE_PROJECTOR_URL';

/** Where an operator's command finds the gateway's data: the same variable and the same folders as the gateway's. */
export class CliConfig {
  readonly dataDir: string;
  readonly journalDir: string;
  readonly postgresDir: string;
  readonly #variables: NodeJS.ProcessEnv;

  constructor(variables: NodeJS.ProcessEnv = process.env) {
    this.dataDir = resolve(variables['OVERTURE_DATA'] ?? '.overture');
    this.journalDir = join(this.dataDir, 'journal');
    this.postgresDir = join(this.dataDir, 'postgres');
    this.#variables = variables;
  }

  /** Null without OVERTURE_KAFKA_BROKERS: then this machine has all there is. @throws CommandFailedError */
  get kafka(): KafkaSettings | null {
    const problems: string[] = [];
    const kafka = this.#readKafka(problems);
    if (problems.length > 0) throw new CommandFailedError(problems.join('\n'));
    return kafka;
  }

  /** As `kafka`, with the databases of a cluster. @throws CommandFailedError listing everything that is missing. */
  get cluster(): ClusterSettings | null {
    const problems: string[] = [];
    const kafka = this.#readKafka(problems);
    if (kafka === null) {
      if (problems.length > 0) throw new CommandFailedError(problems.join('\n'));
      return null;
    }
    const replicationFactor = Number(this.#variables['OVERTURE_KAFKA_REPLICATION'] ?? REPLICATION_FACTOR);
    if (!Number.isInteger(replicationFactor) || replicationFactor < 1) {
      problems.push('OVERTURE_KAFKA_REPLICATION: must be a whole number of copies, 3 in production');
    }
    const settings = {
      kafka,
      replicationFactor,
      migratorUrl: readDatabaseUrl({ name: MIGRATOR_URL, login: 'migrator' }, this.#variables, problems),
      projectorUrl: readDatabaseUrl({ name: PROJECTOR_URL, login: 'projector' }, this.#variables, problems),
    };
    if (problems.length > 0) throw new CommandFailedError(problems.join('\n'));
    return settings;
  }

  /** Null where gateways share no Redis. @throws CommandFailedError */
  get redisUrl(): Secret | null {
    const problems: string[] = [];
    const url = readRedisUrl(this.#variables['OVERTURE_REDIS_URL'], problems);
    if (problems.length > 0) throw new CommandFailedError(problems.join('\n'));
    return url;
  }

  /** The budgets of the operator's file and the first key, without any provider. @throws ConfigurationError */
  get tenancy(): TenancyConfig {
    return readTenancyConfig(this.#variables);
  }

  /** Null when none is configured. @throws ArchiveStoreError when only a part of it is. */
  get archive(): ArchiveLocation | null {
    return readArchiveLocation(this.#variables);
  }

  /** Whoever names the databases of a cluster means the cluster. */
  #readKafka(problems: string[]): KafkaSettings | null {
    const kafka = readKafkaSettings(this.#variables, problems);
    const named = [MIGRATOR_URL, PROJECTOR_URL].find((name) => (this.#variables[name] ?? '') !== '');
    if (kafka === null && named !== undefined) {
      problems.push(
        `OVERTURE_KAFKA_BROKERS: missing, but ${named} is set: set it to the brokers as host:port,host:port, ` +
          `or unset ${named} to operate on this machine's own data`,
      );
    }
    return kafka;
  }
}
