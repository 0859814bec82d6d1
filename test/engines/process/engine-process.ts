import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { waitUntil } from '../wait-until.js';

/**
 * Reads which process runs, a line for each change, until the pipe is closed, which the kernel does however the test
 * process ends; then ends the engine and removes its folder.
 */
const LEASH = `while read -r line; do pid=$line; done
[ -z "$pid" ] || kill -9 "$pid"
rm -rf "$1" || { sleep 1; rm -rf "$1"; }`;

const PRINTED_MAX = 20_000;

/** What to run, and where: what it prints goes to `log` in its folder. */
export interface EngineCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly folder: string;
}

/**
 * A server that a test starts, kills and starts again, with a folder of its own. Neither outlives the test process,
 * even one that is killed: a shell in a session of its own waits for that. POSIX only.
 */
export class EngineProcess {
  private child: ChildProcess | undefined;
  private readonly leash: ChildProcess & { stdin: Writable };

  constructor(private readonly engine: EngineCommand) {
    const args = ['-c', LEASH, 'leash', engine.folder];
    this.leash = spawn('sh', args, { stdio: ['pipe', 'ignore', 'ignore'], detached: true }) as typeof this.leash;
    this.leash.unref();
    (this.leash.stdin as Writable & { unref(): void }).unref();
  }

  /**
   * Starts it and asks until it is ready. Rejects with what it printed if it ends before; then its folder is gone, too.
   */
  async launchUntil(isReady: () => Promise<boolean>): Promise<void> {
    this.launch();
    try {
      await waitUntil(() => {
        if (!this.isRunning) throw new Error(`${this.engine.command} ended before it was ready:\n${this.printed}`);
        return isReady();
      });
    } catch (error) {
      await this.discard();
      throw error;
    }
  }

  get isRunning(): boolean {
    return this.pid !== 0;
  }

  /** Of the process that runs; 0 when none does. */
  get pid(): number {
    const { child } = this;
    return child?.exitCode === null && child.signalCode === null ? (child.pid ?? 0) : 0;
  }

  /** The end of what it printed. */
  get printed(): string {
    return readFileSync(join(this.engine.folder, 'log'), 'utf8').slice(-PRINTED_MAX);
  }

  /** Sends the signal and waits for the end. Nothing happens to one that does not run. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (!this.child || !this.isRunning) return;
    this.child.ref();
    const ended = once(this.child, 'exit');
    this.child.kill(signal);
    await ended;
  }

  /** Sends a signal that does not end it. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    if (!this.isRunning) throw new Error(`${this.engine.command} does not run`);
    this.child?.kill(signal);
  }

  /** Ends it and removes its folder. */
  async discard(): Promise<void> {
    await this.kill();
    if (this.leash.exitCode !== null) return;
    this.leash.ref();
    const ended = once(this.leash, 'exit');
    this.leash.stdin.end();
    await ended;
  }

  private launch(): void {
    const { command, args, folder } = this.engine;
    const log = openSync(join(folder, 'log'), 'a');
    const child = spawn(command, args, { cwd: folder, stdio: ['ignore', log, log], detached: true });
    closeSync(log);
    this.child = child;
    this.leash.stdin.write(`${child.pid ?? ''}\n`);
    child.once('exit', () => this.leash.stdin.write('\n'));
    child.once('error', () => undefined); // such as a command that is not there: it never ran
    child.unref();
  }
}
