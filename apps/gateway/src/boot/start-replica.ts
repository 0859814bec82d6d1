import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import { KafkaCompactedTable, assertEventsTopic } from '#event-log';
import { VERSION, createLogger } from '#telemetry';
import type { ReplicaConfig } from '../config/replica.config.js';
import type { MetricsPage } from '../metrics/metrics-page.js';
import { checkTopic } from './check-topic.js';
import { openReplica } from './open-replica.js';
import { ProjectAnonymousAccess } from './project.anonymous-access.js';
import { Started } from './started.js';
import { startGateway, type RunningGateway } from './start-gateway.js';

export interface RunningReplica {
  readonly address: string;
  readonly logger: Logger;
  stop(): Promise<void>;
}

/** One gateway of several: a journal of its own, and PostgreSQL and Kafka that all share. */
export async function startReplica(config: ReplicaConfig, metricsPage?: MetricsPage): Promise<RunningReplica> {
  const logger = createLogger(config.environment.logLevel, 'gateway').child({ slot: config.slot });
  const started = new Started();
  try {
    const gateway = await startParts(config, { logger, started, ...(metricsPage && { metricsPage }) });
    return { address: gateway.address, logger, stop: () => started.stop() };
  } catch (error) {
    await started.stop().catch(() => undefined); // the reason for it is worth more than what came of it
    throw error;
  }
}

interface Surroundings {
  readonly logger: Logger;
  readonly started: Started;
  readonly metricsPage?: MetricsPage;
}

async function startParts(config: ReplicaConfig, { logger, started, ...shown }: Surroundings): Promise<RunningGateway> {
  const { orm, kafka, log, onTrouble, ...opened } = await openReplica(config, { logger, started });
  const asking = { ...config.kafka, clientId: `overture-gateway-${opened.slot}`, onTrouble: () => undefined };
  await checkTopic(() => assertEventsTopic(asking), { logger, started });
  const posteriorTable = new KafkaCompactedTable({
    ...config.kafka,
    clientId: `overture-gateway-${opened.slot}`,
    onTrouble,
  });
  started.add(posteriorTable, (table) => table.close());
  const engines = {
    ...opened,
    ...shown,
    config,
    connections: config.resolved.connections,
    log,
    projectedLog: kafka,
    posteriorTable,
    em: orm.em,
    logger,
    version: VERSION,
    seed: randomBytes(4).readUInt32BE(),
    anonymous: await ProjectAnonymousAccess.of(orm.em, null),
  };
  return started.add(await startGateway(engines), (running) => running.stop());
}
