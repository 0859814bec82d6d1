import { join, resolve } from 'node:path';
import { Secret } from '#contracts';
import { readArchiveLocation, readKafkaSettings, type ArchiveLocation, type KafkaSettings } from '#event-log';
import { readRedisUrl } from '../../gateway/src/config/environment.config.js';
import { readGatewayConfig, type GatewayConfig } from '../../gateway/src/config/gateway.config.js';
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
    const kafka = readKafkaSettings(this.#variables, problems);
    if (problems.length > 0) throw new CommandFailedError(problems.join('\n'));
    return kafka;
  }

  /** As `kafka`, with the databases of a cluster. @throws CommandFailedError listing everything that is missing. */
  get cluster(): ClusterSettings | null {
    const problems: string[] = [];
    const kafka = readKafkaSettings(this.#variables, problems);
    if (kafka === null) return null;
    const url = (name: string, login: string): Secret => {
      const text = this.#variables[name] ?? '';
      if (!/^postgres(ql)?:\/\//.test(text)) {
        problems.push(`${name}: missing; set it to the connection URL of the ${login}'s login, postgres://…`);
      }
      return new Secret(text);
    };
    const replicationFactor = Number(this.#variables['OVERTURE_KAFKA_REPLICATION'] ?? REPLICATION_FACTOR);
    if (!Number.isInteger(replicationFactor) || replicationFactor < 1) {
      problems.push('OVERTURE_KAFKA_REPLICATION: must be a whole number of copies, 3 in production');
    }
    const settings = {
      kafka,
      replicationFactor,
      migratorUrl: url('OVERTURE_MIGRATOR_URL', 'migrator'),
      projectorUrl: url('OVERTURE_PROJECTOR_URL', 'projector'),
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

  /** What the gateways are told: the operator's file and the first key. @throws ConfigurationError */
  get gateway(): GatewayConfig {
    return readGatewayConfig(this.#variables);
  }

  /** Null when none is configured. @throws ArchiveStoreError when only a part of it is. */
  get archive(): ArchiveLocation | null {
    return readArchiveLocation(this.#variables);
  }
}
