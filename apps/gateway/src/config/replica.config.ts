import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Secret } from '#contracts';
import { readKafkaSettings, warningsAbout, type KafkaSettings } from '#event-log';
import { readDatabaseUrl } from '#persistence';
import { ConfigurationError, readGatewayConfig, type GatewayConfig } from './gateway.config.js';
import { journalFolderOf, slotOfWorker } from './worker-places.js';

const SLOT = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** What one gateway of several was told. */
export interface ReplicaConfig extends GatewayConfig {
  /** Connection URL of the gateway's login, password included. */
  readonly databaseUrl: Secret;
  readonly kafka: KafkaSettings;
  /** Name of this replica's journal, its own for good. */
  readonly slot: string;
  /** What is taken as it is, and should be told at the start. */
  readonly warnings: readonly string[];
  /** Folder of this replica's journal. */
  readonly journalDir: string;
}

/** What one worker is told by the configuration that all of them share. */
export const replicaOfWorker = (config: ReplicaConfig, worker: number): ReplicaConfig => ({
  ...config,
  slot: slotOfWorker(config.slot, worker),
  journalDir: join(config.environment.dataDir, journalFolderOf(worker)),
});

/**
 * Of the first worker, which is the only one unless the environment says otherwise.
 * @throws ConfigurationError listing every problem at once.
 */
export function readReplicaConfig(variables: NodeJS.ProcessEnv = process.env): ReplicaConfig {
  const problems: string[] = [];
  const kafka = readKafkaSettings(variables, problems);
  if (kafka === null) problems.push('OVERTURE_KAFKA_BROKERS: missing; set it to the brokers as host:port,host:port');
  const databaseUrl = readDatabaseUrl({ name: 'OVERTURE_DATABASE_URL', login: 'gateway' }, variables, problems);
  const slot = variables['OVERTURE_SLOT'] || hostname();
  if (!SLOT.test(slot)) {
    problems.push(
      `OVERTURE_SLOT: "${slot}" must be 1 to 63 letters, digits, ".", "_" and "-", and begin with one of the first two`,
    );
  }
  const gateway = gatewayConfig(variables, problems);
  if (gateway?.resolved.simulated === true) {
    problems.push('OVERTURE_CONFIG: no connection and no provider key; simulated providers are for npm start only');
  }
  if (gateway === null || kafka === null || problems.length > 0) throw new ConfigurationError(problems);
  const journalDir = join(gateway.environment.dataDir, journalFolderOf(1));
  return { ...gateway, databaseUrl, kafka, warnings: warningsAbout(kafka), slot, journalDir };
}

function gatewayConfig(variables: NodeJS.ProcessEnv, problems: string[]): GatewayConfig | null {
  try {
    return readGatewayConfig(variables);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    problems.push(...error.problems);
    return null;
  }
}
