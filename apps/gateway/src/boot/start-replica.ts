import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { JournalEventLog, JournalShipper, KafkaEventLog, UuidV7Source, type ReplicaLog } from '#event-log';
import {
  CONTROL_ENTITIES,
  CONTROL_MIGRATIONS,
  assertSchemaCurrent,
  claimSlot,
  createOrm,
  gatewayApplicationName,
} from '#persistence';
import { READ_MODEL_MIGRATIONS } from '#read-models';
import { SystemClock, VERSION, createLogger } from '#telemetry';
import type { ReplicaConfig } from '../config/replica.config.js';
import { PostgresSliceAuthority } from '../feeds/postgres.slice-authority.js';
import { journalReadiness, journalRecovery } from './journal-health.js';
import { ProjectAnonymousAccess } from './project.anonymous-access.js';
import { Started } from './started.js';
import { startGateway, type RunningGateway } from './start-gateway.js';

const POOL_MAX = 10;
const STATEMENT_MS = 10_000;
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
  const log = started.add(await openJournal(config, clock, logger), (journal) => journal.close());
  const orm = started.add(await openDatabase(config), (opened) => opened.close());
  await assertSchemaCurrent(orm.em, [...CONTROL_MIGRATIONS, ...READ_MODEL_MIGRATIONS]);
  await claimSlot(orm.em, { slot, journalId: await journalIdOf(log, new UuidV7Source(clock)), now: new Date() });
  const onTrouble = (message: string, details: object): void => logger.warn(details, message);
  const kafka = new KafkaEventLog({ ...config.kafka, clientId: `overture-gateway-${slot}`, onTrouble }, clock);
  const shipper = await JournalShipper.start({
    journal: log,
    target: kafka,
    clock,
    onTrouble: (error) => logger.warn({ err: error }, 'the journal could not be shipped; trying again'),
  });
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

function openJournal({ environment }: ReplicaConfig, clock: SystemClock, logger: Logger): Promise<JournalEventLog> {
  mkdirSync(environment.dataDir, { recursive: true, mode: 0o700 });
  return JournalEventLog.open({
    directory: join(environment.dataDir, 'journal'),
    clock,
    listensOn: `${environment.host}:${environment.port}`,
    onRecovery: journalRecovery(logger),
  });
}

const openDatabase = ({ databaseUrl, slot }: ReplicaConfig): ReturnType<typeof createOrm> =>
  createOrm({
    url: databaseUrl.reveal(),
    entities: CONTROL_ENTITIES,
    poolMax: POOL_MAX,
    statementTimeoutMs: STATEMENT_MS,
    applicationName: gatewayApplicationName(slot),
  });

async function journalIdOf(log: ReplicaLog, ids: UuidV7Source): Promise<string> {
  const known = (await log.marks()).get(JOURNAL_ID);
  if (known !== undefined) return known;
  const made = ids.next();
  await log.setMark(JOURNAL_ID, made);
  return made;
}
