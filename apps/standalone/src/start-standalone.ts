import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { CONTROL_MIGRATIONS, DATABASE_LOGINS, migrate, startEmbeddedPostgres } from '#persistence';
import { SimulatedProviders } from '#providers';
import { READ_MODEL_MIGRATIONS } from '#read-models';
import { SystemClock, VERSION, createLogger } from '#telemetry';
import { journalDirOf, openGatewayDatabase, openJournal } from '../../gateway/src/boot/open-stores.js';
import { prepareTenancy } from '../../gateway/src/boot/prepare-tenancy.js';
import { ProjectAnonymousAccess } from '../../gateway/src/boot/project.anonymous-access.js';
import { startGateway, type RunningGateway } from '../../gateway/src/boot/start-gateway.js';
import { Started } from '../../gateway/src/boot/started.js';
import { simulatedConnections } from '../../gateway/src/config/simulated-connections.js';
import { PostgresSliceAuthority } from '../../gateway/src/feeds/postgres.slice-authority.js';
import { assertJournalWhole } from './assert-journal-whole.js';
import { printBanner } from './print-banner.js';
import { ProjectorProcess } from './projector-process.js';
import { projectorEnvironment, readStandaloneConfig } from './standalone.config.js';

/** A deployment of one process has one journal slot. */
const SLOT = 'slot-0';

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
    const journalDir = journalDirOf(environment);
    const log = started.add(await openJournal(journalDir, environment, logger), (journal) => journal.close());
    const postgres = started.add(
      await startEmbeddedPostgres({ dataDir: join(environment.dataDir, 'postgres'), log: serverEvents(logger) }),
      (server) => server.stop(),
    );
    const migratorUrl = postgres.url(DATABASE_LOGINS.migrator);
    await migrate(migratorUrl, [...CONTROL_MIGRATIONS, ...READ_MODEL_MIGRATIONS]);
    const tenancy = await prepareTenancy(migratorUrl, config);
    const gatewayUrl = postgres.url(DATABASE_LOGINS.gateway);
    const orm = started.add(await openGatewayDatabase(gatewayUrl, 'gateway'), (opened) => opened.close());
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
        posteriorTable: null,
        em: orm.em,
        authority: new PostgresSliceAuthority(orm.em, gatewayUrl, logger),
        clock: new SystemClock(),
        logger,
        version: VERSION,
        slot: SLOT,
        seed: randomBytes(4).readUInt32BE(),
        anonymous: await ProjectAnonymousAccess.of(orm.em, environment.anonymous ? tenancy.tenantId : null),
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

const serverEvents = (logger: Logger): Parameters<typeof startEmbeddedPostgres>[0]['log'] => ({
  info: (message: string) => logger.debug(message),
  warn: (message: string) => logger.warn(message),
});
