import { mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseLogin } from '../roles/database-login.js';
import { provisionRoles } from '../roles/provision-roles.js';
import { derivePassword, openCluster, SUPERUSER } from './cluster.js';
import { createLauncher } from './launcher.js';
import { locatePostgresBinaries } from './postgres-binaries.js';
import { PostgresServer, type ServerEvents } from './postgres-server.js';
import { openSocketDirectory, SOCKET_PORT } from './socket-directory.js';

/** Where it runs and where it tells. */
export interface EmbeddedPostgresOptions {
  /** Directory of its own, made if absent: cluster, log and socket live in it. */
  readonly dataDir: string;
  readonly log: ServerEvents;
}

/** A running PostgreSQL 18 that listens on a Unix socket only, with the product's database and logins in it. */
export interface EmbeddedPostgres {
  /** Process id of the server; another one after a restart. */
  readonly pid: number;
  /** True when it was already running: left behind by a crash, or started by another process on this data directory. */
  readonly adopted: boolean;
  readonly socketDir: string;
  /** Connection URL with the password in it: hand it on, never print it. Understood by pg, MikroORM and libpq. */
  url(login: DatabaseLogin | typeof SUPERUSER, database?: string): string;
  /**
   * Fast shutdown; resolves when the server is down. Stops an adopted one, too: only the owner of the data directory
   * (the gateway, not an operator's command that found the server running) may call it.
   */
  stop(): Promise<void>;
}

/** Database of the product. */
const DATABASE_NAME = 'overture';

/**
 * Starts PostgreSQL on a data directory, or adopts the server that runs there. It stays in this process's group and
 * outlives its death; the next start adopts it. While this process lives, a server that dies is started again.
 * @throws EmbeddedPostgresError with the end of the server's log.
 */
export async function startEmbeddedPostgres({ dataDir, log }: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const home = await realpath(dataDir);
  const binaries = await locatePostgresBinaries(join(home, 'lib'));
  const launcher = await createLauncher(binaries.libraryPath);
  const cluster = await openCluster({ dataDir: home, initdb: binaries.initdb, launcher });
  const socketDir = await openSocketDirectory(home);
  const server = new PostgresServer({
    program: binaries.postgres,
    launcher,
    cluster,
    socketDir,
    logFile: join(home, 'postgres.log'),
    log,
  });
  const url: EmbeddedPostgres['url'] = (login, database = DATABASE_NAME) => {
    const host = `${encodeURIComponent(server.socketDir)}:${SOCKET_PORT}`;
    return `postgresql://${login}:${derivePassword(cluster, login)}@${host}/${database}`;
  };
  await server.start();
  try {
    const passwordOf = (login: DatabaseLogin): string => derivePassword(cluster, login);
    await provisionRoles({ superuserUrl: url(SUPERUSER, SUPERUSER), database: DATABASE_NAME, passwordOf });
  } catch (error) {
    if (!server.adopted) await server.stop();
    throw error;
  }
  return {
    get pid() {
      return server.pid;
    },
    adopted: server.adopted,
    get socketDir() {
      return server.socketDir;
    },
    url,
    stop: () => server.stop(),
  };
}
