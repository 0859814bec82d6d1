import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, DatabaseError } from 'pg';
import { SUPERUSER, type Cluster } from './cluster.js';
import { EmbeddedPostgresError, hasCode, reasonOf } from './embedded-postgres.errors.js';
import type { Launcher } from './launcher.js';
import { findPostmaster, hasCrashed, removeStaleLocks, type Postmaster } from './postmaster-file.js';
import { boundServerLog, openServerLog, tailServerLog } from './server-log.js';
import { serverSettings } from './server-settings.js';
import { SOCKET_PORT } from './socket-directory.js';

/** Where the embedded server tells what happens to it; a pino logger fits. */
export interface ServerEvents {
  info(message: string): void;
  warn(message: string): void;
}

interface PostgresServerOptions {
  readonly program: string;
  readonly launcher: Launcher;
  readonly cluster: Cluster;
  /** Where a server that is started here listens; an adopted one may listen elsewhere. */
  readonly socketDir: string;
  readonly logFile: string;
  readonly log: ServerEvents;
}

/** Includes the recovery after a crash. */
const START_TIMEOUT_MS = 60_000;
const CONNECT_TIMEOUT_MS = 5000;
const STOP_TIMEOUT_MS = 30_000;
const POLL_MS = 10;
const WATCH_MS = 1000;
/** What a start says when another one was faster, or when children of a killed server are still on their way out. */
const PASSING_FAILURE = /lock file ".*" already exists|pre-existing shared memory block/;
const WRONG_PASSWORD = '28P01';

/** The server process on one cluster: started or adopted, watched, stopped. */
export class PostgresServer {
  adopted = false;
  private postmaster: Postmaster | undefined;
  private child: ChildProcess | undefined;
  private logStart = 0;
  private watch: NodeJS.Timeout | undefined;
  private restart: Promise<void> | undefined;

  constructor(private readonly options: PostgresServerOptions) {}

  get pid(): number {
    return this.running.pid;
  }

  get socketDir(): string {
    return this.running.socketDir;
  }

  async start(): Promise<void> {
    this.postmaster = await this.startOrAdopt();
    this.adopted = this.postmaster.pid !== this.child?.pid;
    this.options.log.info(`PostgreSQL ${this.adopted ? 'adopted' : 'started'}, process ${this.postmaster.pid}.`);
    this.watch = setInterval(() => this.keepAlive(), WATCH_MS).unref();
  }

  /** Fast shutdown: open transactions are rolled back. A server that hangs is shut down the immediate way. */
  async stop(): Promise<void> {
    clearInterval(this.watch);
    await this.restart;
    const { pid } = this.running;
    if (await this.signal(pid, 'SIGINT')) return;
    this.options.log.warn(`PostgreSQL did not stop within ${STOP_TIMEOUT_MS} ms; stopping it without a checkpoint.`);
    if (await this.signal(pid, 'SIGQUIT')) return;
    throw new EmbeddedPostgresError(`PostgreSQL, process ${pid}, does not stop.`);
  }

  private get running(): Postmaster {
    if (this.postmaster === undefined) throw new EmbeddedPostgresError('PostgreSQL has not been started.');
    return this.postmaster;
  }

  private async startOrAdopt(): Promise<Postmaster> {
    const { dir } = this.options.cluster;
    this.child = undefined;
    const deadlineMs = performance.now() + START_TIMEOUT_MS;
    while (performance.now() < deadlineMs) {
      const found = findPostmaster(dir);
      if (found?.ready === true && (await this.answers(found))) return found;
      if (found === undefined && !isRunning(this.child)) this.launch();
      await delay(POLL_MS);
    }
    throw this.failure(`PostgreSQL in ${dir} was not ready within ${START_TIMEOUT_MS} ms and goes on starting`);
  }

  private launch(): void {
    const { program, launcher, cluster, socketDir, logFile } = this.options;
    if (this.child !== undefined && !PASSING_FAILURE.test(tailServerLog(logFile, this.logStart))) {
      throw this.failure('PostgreSQL did not start');
    }
    removeStaleLocks(cluster.dir, socketDir);
    const log = openServerLog(logFile);
    this.logStart = fstatSync(log).size;
    const [file, args] = launcher.command(program, ['-D', cluster.dir, ...serverSettings(socketDir)]);
    // Not detached: what is sent to the gateway's process group reaches the server as well.
    this.child = spawn(file, args, { env: launcher.env, stdio: ['ignore', log, log] });
    this.child.on('error', (error) => this.options.log.warn(`PostgreSQL could not be run: ${error.message}`));
    this.child.unref();
    closeSync(log);
  }

  private failure(what: string): EmbeddedPostgresError {
    const said = tailServerLog(this.options.logFile, this.logStart);
    return new EmbeddedPostgresError(`${what}. Its log, ${this.options.logFile}, ends:\n${said}`);
  }

  /** Whether it accepts our password, so that it is our server and not merely one on our socket. */
  private async answers({ socketDir }: Postmaster): Promise<boolean> {
    const { password } = this.options.cluster;
    const client = new Client({
      host: socketDir,
      port: SOCKET_PORT,
      user: SUPERUSER,
      database: SUPERUSER,
      password,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    });
    client.on('error', () => undefined); // the server may go before the connection is closed
    try {
      await client.connect();
      return true;
    } catch (cause) {
      if (!(cause instanceof DatabaseError) || cause.code !== WRONG_PASSWORD) return false;
      throw new EmbeddedPostgresError('The PostgreSQL that runs here refuses the password of its own cluster.', {
        cause,
      });
    } finally {
      await client.end();
    }
  }

  private keepAlive(): void {
    try {
      boundServerLog(this.options.logFile);
      if (this.restart !== undefined || !hasCrashed(this.options.cluster.dir)) return;
    } catch (error) {
      return this.options.log.warn(`PostgreSQL cannot be watched: ${reasonOf(error)}`);
    }
    this.options.log.warn('PostgreSQL was killed; starting it again.');
    this.restart = this.startOrAdopt()
      .then(
        (postmaster) => void (this.postmaster = postmaster),
        (error: unknown) => this.options.log.warn(reasonOf(error)),
      )
      .finally(() => (this.restart = undefined));
  }

  /** True when the server is gone in time. */
  private async signal(pid: number, signal: NodeJS.Signals): Promise<boolean> {
    const isHere = (): boolean => findPostmaster(this.options.cluster.dir)?.pid === pid;
    if (isHere()) sendTo(pid, signal);
    const deadlineMs = performance.now() + STOP_TIMEOUT_MS;
    while (isHere()) {
      if (performance.now() > deadlineMs) return false;
      await delay(POLL_MS);
    }
    if (this.child?.pid === pid && isRunning(this.child)) {
      // The lock file goes shortly before the process does.
      this.child.ref();
      await once(this.child, 'exit');
    }
    return true;
  }
}

function sendTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!hasCode(error, 'ESRCH')) throw error;
  }
}

function isRunning(child: ChildProcess | undefined): child is ChildProcess {
  return child?.pid !== undefined && child.exitCode === null && child.signalCode === null;
}
