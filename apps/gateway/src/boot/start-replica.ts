import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import { JournalShipper, KafkaEventLog, UuidV7Source, type ReplicaLog } from '#event-log';
import { CONTROL_MIGRATIONS, assertSchemaCurrent, claimSlot, gatewayApplicationName } from '#persistence';
import { READ_MODEL_MIGRATIONS } from '#read-models';
import { SystemClock, VERSION, createLogger } from '#telemetry';
import type { ReplicaConfig } from '../config/replica.config.js';
import { PostgresSliceAuthority } from '../feeds/postgres.slice-authority.js';
import { journalReadiness, openGatewayDatabase, openJournal } from './open-stores.js';
import { ProjectAnonymousAccess } from './project.anonymous-access.js';
import { Started } from './started.js';
import { startGateway, type RunningGateway } from './start-gateway.js';

/** Identity of a journal, remembered in it. */
const JOURNAL_ID = 'journal-id';

export interface RunningReplica {
  readonly address: string;
  readonly logger: Logger;
  stop(): Promise<void>;
}

/** One gateway of several: a journal of its own, and PostgreSQL and Kafka that all share. */
export async function startReplica(config: ReplicaConfig): Promise<RunningReplica> {
  const logger = createLogger(config.environment.logLevel, 'gateway');
  const started = new Started();
  try {
    const gateway = await startParts(config, logger, started);
    return { address: gateway.address, logger, stop: () => started.stop() };
  } catch (error) {
    await started.stop().catch(() => undefined); // the reason for it is worth more than what came of it
    throw error;
  }
}

async function startParts(config: ReplicaConfig, logger: Logger, started: Started): Promise<RunningGateway> {
  const { slot, databaseUrl, resolved } = config;
  const clock = new SystemClock();
  const log = started.add(await openJournal(config.environment, logger), (journal) => journal.close());
  const database = openGatewayDatabase(databaseUrl.reveal(), gatewayApplicationName(slot));
  const orm = started.add(await database, (opened) => opened.close());
  await assertSchemaCurrent(orm.em, [...CONTROL_MIGRATIONS, ...READ_MODEL_MIGRATIONS]);
  await claimSlot(orm.em, { slot, journalId: await journalIdOf(log, new UuidV7Source(clock)), now: new Date() });
  const onTrouble = (message: string, details: object): void => logger.warn(details, message);
  const kafka = new KafkaEventLog({ ...config.kafka, clientId: `overture-gateway-${slot}`, onTrouble }, clock);
  const shipper = started.add(
    await JournalShipper.start({
      journal: log,
      target: kafka,
      clock,
      onTrouble: (error) => logger.warn({ err: error }, 'the journal could not be shipped; trying again'),
    }),
    // A gateway that runs has stopped it already; this is for a start that fails.
    (running) => running.stop({ withinMs: 0 }),
  );
  const engines = {
    config,
    connections: resolved.connections,
    log,
    projectedLog: kafka,
    shipper,
    em: orm.em,
    authority: new PostgresSliceAuthority(orm.em, databaseUrl.reveal(), logger),
    clock,
    logger,
    version: VERSION,
    slot,
    seed: randomBytes(4).readUInt32BE(),
    anonymous: await ProjectAnonymousAccess.of(orm.em, null),
    readinessChecks: [journalReadiness(log)],
  };
  return started.add(await startGateway(engines), (running) => running.stop());
}

async function journalIdOf(log: ReplicaLog, ids: UuidV7Source): Promise<string> {
  const known = (await log.marks()).get(JOURNAL_ID);
  if (known !== undefined) return known;
  const made = ids.next();
  await log.setMark(JOURNAL_ID, made);
  return made;
}
