import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { MikroORM } from '@mikro-orm/postgresql';
import type { Logger } from 'pino';
import { JournalEventLog } from '#event-log';
import { CONTROL_ENTITIES, createOrm } from '#persistence';
import { SystemClock } from '#telemetry';
import type { Environment } from '../config/environment.config.js';
import { journalFolderOf } from '../config/worker-places.js';

const POOL_MAX = 10;
const STATEMENT_MS = 10_000;

/** Folder of the journal of a gateway without workers. */
export const journalDirOf = ({ dataDir }: Pick<Environment, 'dataDir'>): string => join(dataDir, journalFolderOf(1));

/** Opens a gateway's journal, whose lock is the one on its data; makes the folder if there is none. */
export function openJournal(
  directory: string,
  { host, port, workers, journalBytesMax }: Environment,
  logger: Logger,
): Promise<JournalEventLog> {
  mkdirSync(dirname(directory), { recursive: true, mode: 0o700 });
  return JournalEventLog.open({
    directory,
    clock: new SystemClock(),
    journalsOnDisk: workers,
    ...(journalBytesMax !== null && { maxBytes: journalBytesMax }),
    listensOn: `${host}:${port}`,
    onRecovery: (reason) =>
      logger.error({ reason }, 'the journal was opened anew after a failed write; check the disk'),
  });
}

/** Connections as the gateway's login. */
export const openGatewayDatabase = (url: string, applicationName: string): Promise<MikroORM> =>
  createOrm({
    url,
    entities: CONTROL_ENTITIES,
    poolMax: POOL_MAX,
    statementTimeoutMs: STATEMENT_MS,
    applicationName,
  });
