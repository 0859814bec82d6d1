import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';

const DIST = join(import.meta.dirname, '..', '..', 'dist', 'apps');
const PRINTED_MAX = 200_000;

/** A built app in a process of its own, which a test starts, kills and starts again under the same settings. */
export class AppProcess {
  private child: ChildProcess | undefined;
  private output = '';
  private answer = '';

  constructor(
    readonly name: string,
    private readonly app: 'gateway' | 'projector' | 'cli',
    private readonly environment: Readonly<Record<string, string>>,
  ) {}

  start(...args: readonly string[]): void {
    const inherited = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !/_API_KEY$|^OVERTURE_|^NODE_OPTIONS$/.test(name)),
    );
    const flags = ['--disable-warning=ExperimentalWarning', '--disable-warning=TimeoutNegativeWarning'];
    const main = join(DIST, this.app, 'src', 'main.js');
    const child = spawn(process.execPath, [...flags, main, ...args], {
      env: { ...inherited, LOG_LEVEL: 'warn', ...this.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (this.output = (this.output + text).slice(-PRINTED_MAX)));
    }
    child.stdout.on('data', (text: string) => (this.answer += text));
    this.child = child;
  }

  /** What it has written to standard output. */
  get stdout(): string {
    return this.answer;
  }

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** The end of what it has printed, over all its lives. */
  get printed(): string {
    return this.output;
  }

  signal(signal: NodeJS.Signals): void {
    this.child?.kill(signal);
  }

  /** Sends the signal and waits for the end; the exit code, or null after a kill. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    const ended = this.exited();
    this.child?.kill(signal);
    return await ended;
  }

  /** Waits for it to end by itself. */
  exited(): Promise<number | null> {
    const { child } = this;
    if (child === undefined || !this.isRunning) return Promise.resolve(child?.exitCode ?? null);
    return new Promise((resolve) => child.once('exit', (code) => resolve(code)));
  }
}
