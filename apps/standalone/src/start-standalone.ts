import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { MikroORM } from '@mikro-orm/postgresql';
import type { Logger } from 'pino';
import { JournalEventLog } from '#event-log';
import {
  CONTROL_ENTITIES,
  DATABASE_LOGINS,
  createOrm,
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from '#persistence';
import { SimulatedProviders } from '#providers';
import { SystemClock, VERSION, createLogger } from '#telemetry';
import { journalReadiness, journalRecovery } from '../../gateway/src/boot/journal-health.js';
import { prepareDatabase } from '../../gateway/src/boot/prepare-database.js';
import { ProjectAnonymousAccess } from '../../gateway/src/boot/project.anonymous-access.js';
import { startGateway, type RunningGateway } from '../../gateway/src/boot/start-gateway.js';
import { Started } from '../../gateway/src/boot/started.js';
import type { GatewayConfig } from '../../gateway/src/config/gateway.config.js';
import { simulatedConnections } from '../../gateway/src/config/simulated-connections.js';
import { PostgresSliceAuthority } from '../../gateway/src/feeds/postgres.slice-authority.js';
import { assertJournalWhole } from './assert-journal-whole.js';
import { printBanner } from './print-banner.js';
import { ProjectorProcess } from './projector-process.js';
import { projectorEnvironment, readStandaloneConfig } from './standalone.config.js';

/** A deployment of one process has one journal slot. */
const SLOT = 'slot-0';
const GATEWAY_POOL_MAX = 10;
const GATEWAY_STATEMENT_MS = 10_000;

export interface RunningStandalone {
  readonly logger: Logger;
  stop(): Promise<void>;
}

/**
 * Everything on one port, with nothing to install: journal, embedded PostgreSQL, projector, gateway. The journal comes
 * first, for its lock is the one on the data.
 */
export async function startStandalone(): Promise<RunningStandalone> {
  const config = readStandaloneConfig();
  const { environment } = config;
  const logger = createLogger(environment.logLevel, 'standalone');
  const started = new Started();
  try {
    const journalDir = join(environment.dataDir, 'journal');
    mkdirSync(environment.dataDir, { recursive: true, mode: 0o700 });
    const log = started.add(await openJournal(journalDir, config, logger), (journal) => journal.close());
    const postgres = started.add(
      await startEmbeddedPostgres({ dataDir: join(environment.dataDir, 'postgres'), log: serverEvents(logger) }),
      (server) => server.stop(),
    );
    const tenancy = await prepareDatabase(postgres.url(DATABASE_LOGINS.migrator), config);
    const orm = started.add(await gatewayOrm(postgres), (opened) => opened.close());
    await assertJournalWhole(journalDir, log, orm.em);
    const projector = started.add(
      new ProjectorProcess(
        projectorEnvironment({
          OVERTURE_JOURNAL: journalDir,
          OVERTURE_DATABASE_URL: postgres.url(DATABASE_LOGINS.projector),
          LOG_LEVEL: environment.logLevel,
        }),
        logger,
      ),
      (child) => child.stop(),
    );
    projector.start();
    const simulated = config.resolved.simulated
      ? started.add(await SimulatedProviders.start(), (server) => server.close())
      : null;
    const gateway: RunningGateway = started.add(
      await startGateway({
        config,
        connections: [...config.resolved.connections, ...(simulated === null ? [] : simulatedConnections(simulated))],
        log,
        projectedLog: log,
        shipper: null,
        em: orm.em,
        authority: new PostgresSliceAuthority(orm.em, postgres.url(DATABASE_LOGINS.gateway), logger),
        clock: new SystemClock(),
        logger,
        version: VERSION,
        slot: SLOT,
        seed: randomBytes(4).readUInt32BE(),
        anonymous: await ProjectAnonymousAccess.of(orm.em, environment.anonymous ? tenancy.tenantId : null),
        readinessChecks: [journalReadiness(log)],
      }),
      (running) => running.stop(),
    );
    printBanner({ config, tenancy, address: gateway.address });
    return {
      logger,
      stop: () => {
        projector.letEnd();
        return started.stop();
      },
    };
  } catch (error) {
    await started.stop().catch(() => undefined); // the reason for it is worth more than what came of it
    throw error;
  }
}

function openJournal(directory: string, { environment }: GatewayConfig, logger: Logger): Promise<JournalEventLog> {
  return JournalEventLog.open({
    directory,
    clock: new SystemClock(),
    listensOn: `${environment.host}:${environment.port}`,
    onRecovery: journalRecovery(logger),
  });
}

const gatewayOrm = (postgres: EmbeddedPostgres): Promise<MikroORM> =>
  createOrm({
    url: postgres.url(DATABASE_LOGINS.gateway),
    entities: CONTROL_ENTITIES,
    poolMax: GATEWAY_POOL_MAX,
    statementTimeoutMs: GATEWAY_STATEMENT_MS,
    applicationName: 'gateway',
  });

const serverEvents = (logger: Logger): Parameters<typeof startEmbeddedPostgres>[0]['log'] => ({
  info: (message: string) => logger.debug(message),
  warn: (message: string) => logger.warn(message),
});
