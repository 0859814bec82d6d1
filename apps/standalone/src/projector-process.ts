import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { Logger } from 'pino';

const RESTART_FIRST_MS = 250;
const RESTART_MAX_MS = 10_000;
/** A projector that has run this long has proved itself: its next restart is quick again. */
const SETTLED_AFTER_MS = 30_000;
const STOP_WITHIN_MS = 10_000;

/** Keeps the projector running as a child process, so that the gateway keeps its core; restarts it when it dies. */
export class ProjectorProcess {
  private child: ChildProcess | null = null;
  private restartTimer: NodeJS.Timeout | undefined;
  private restartMs = RESTART_FIRST_MS;
  private stopping = false;

  constructor(
    private readonly environment: NodeJS.ProcessEnv,
    private readonly logger: Logger,
  ) {}

  get running(): boolean {
    return this.child !== null && this.child.exitCode === null;
  }

  get pid(): number | null {
    return this.child?.pid ?? null;
  }

  start(): void {
    const startedMs = performance.now();
    const main = join(import.meta.dirname, '..', '..', 'projector', 'src', 'main.js');
    const child = fork(main, { env: this.environment, execArgv: ['--disable-warning=ExperimentalWarning'] });
    this.child = child;
    child.on('error', (error) => this.logger.error({ err: error }, 'the projector could not be started'));
    child.on('exit', (code, signal) => {
      this.child = null;
      if (this.stopping) return;
      if (performance.now() - startedMs > SETTLED_AFTER_MS) this.restartMs = RESTART_FIRST_MS;
      this.logger.error({ code, signal, restartMs: this.restartMs }, 'the projector ended; starting it again');
      this.restartTimer = setTimeout(() => this.start(), this.restartMs);
      this.restartMs = Math.min(this.restartMs * 2, RESTART_MAX_MS);
    });
  }

  /** From now on it may end: a signal to the process group has told it to, too. */
  letEnd(): void {
    this.stopping = true;
    clearTimeout(this.restartTimer);
  }

  /** Lets it finish its batch; kills it if that takes too long. */
  async stop(): Promise<void> {
    this.letEnd();
    const { child } = this;
    if (child === null) return;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
    await ended;
    clearTimeout(timer);
  }
}
