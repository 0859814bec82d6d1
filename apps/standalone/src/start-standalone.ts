import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { MikroORM } from '@mikro-orm/postgresql';
import type { Logger } from 'pino';
import { JournalEventLog } from '#event-log';
import { nanoUsdOf } from '#ledger';
import {
  CONTROL_ENTITIES,
  CONTROL_MIGRATIONS,
  DATABASE_LOGINS,
  bootstrapTenancy,
  createOrm,
  migrate,
  startEmbeddedPostgres,
  syncBudgets,
  type BootstrappedTenancy,
  type EmbeddedPostgres,
} from '#persistence';
import { SimulatedProviders } from '#providers';
import { READ_MODEL_MIGRATIONS } from '#read-models';
import { SystemClock, createLogger } from '#telemetry';
import { ProjectAnonymousAccess } from '../../gateway/src/boot/project.anonymous-access.js';
import { startGateway, type RunningGateway } from '../../gateway/src/boot/start-gateway.js';
import type { GatewayConfig } from '../../gateway/src/config/gateway.config.js';
import { simulatedConnections } from '../../gateway/src/config/simulated-connections.js';
import { PostgresSliceAuthority } from '../../gateway/src/feeds/postgres.slice-authority.js';
import { assertJournalWhole } from './assert-journal-whole.js';
import { printBanner } from './print-banner.js';
import { ProjectorProcess } from './projector-process.js';
import { projectorEnvironment, readStandaloneConfig } from './standalone.config.js';
import { VERSION } from './version.js';

const ORG_SLUG = 'default';
const PROJECT_SLUG = 'default';
/** A deployment of one process has one journal slot. */
const SLOT = 'slot-0';
const GATEWAY_POOL_MAX = 10;
const GATEWAY_STATEMENT_MS = 10_000;

export interface RunningStandalone {
  readonly logger: Logger;
  stop(): Promise<void>;
}

/** What has been started so far, to be stopped in the reverse order. */
class Started {
  private readonly stops: (() => Promise<unknown>)[] = [];

  add<T>(thing: T, stop: (thing: T) => Promise<unknown>): T {
    this.stops.push(() => stop(thing));
    return thing;
  }

  /** Stops everything, also what comes after a failure; then throws the first one. */
  async stop(): Promise<void> {
    const failures: unknown[] = [];
    for (const stop of this.stops.splice(0).reverse()) await stop().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  }
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
    const tenancy = await prepareDatabase(postgres, config);
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
        em: orm.em,
        authority: new PostgresSliceAuthority(orm.em, postgres.url(DATABASE_LOGINS.gateway), logger),
        clock: new SystemClock(),
        logger,
        version: VERSION,
        slot: SLOT,
        seed: randomBytes(4).readUInt32BE(),
        anonymous: await ProjectAnonymousAccess.of(orm.em, environment.anonymous ? tenancy.tenantId : null),
        readinessChecks: [
          { name: 'journal', problem: () => (log.isFull() ? 'its share of the disk is used up' : null) },
        ],
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
    onRecovery: (reason) =>
      logger.error({ reason }, 'the journal was opened anew after a failed write; check the disk'),
  });
}

async function prepareDatabase(
  postgres: EmbeddedPostgres,
  { environment, budgets }: GatewayConfig,
): Promise<BootstrappedTenancy> {
  const url = postgres.url(DATABASE_LOGINS.migrator);
  await migrate(url, [...CONTROL_MIGRATIONS, ...READ_MODEL_MIGRATIONS]);
  const orm = await createOrm({
    url,
    entities: CONTROL_ENTITIES,
    poolMax: 1,
    statementTimeoutMs: 0,
    applicationName: 'bootstrap',
  });
  try {
    const now = new Date();
    const tenancy = await bootstrapTenancy(orm.em, {
      orgSlug: ORG_SLUG,
      projectSlug: PROJECT_SLUG,
      bootstrapKey: environment.bootstrapKey,
      now,
      randomBytes,
    });
    const configured = budgets.map(({ limitUsd, ...budget }) => ({ ...budget, limitNanoUsd: nanoUsdOf(limitUsd) }));
    await syncBudgets(orm.em, configured, now);
    return tenancy;
  } finally {
    await orm.close();
  }
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
