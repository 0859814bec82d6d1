import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { RequestView } from '#read-models';
import { build } from '../../scripts/build.mjs';

const MAIN = join(import.meta.dirname, '..', '..', 'dist', 'apps', 'standalone', 'src', 'main.js');

/** Key of every gateway under test. */
export const TEST_KEY = 'sk-igris-0123456789abcdefghijklmnopqrstuvwxyzABCDEFG';

let built: Promise<unknown> | undefined;

export interface StandaloneOptions {
  /** Contents of `overture.yaml`; none starts the simulated providers. */
  readonly config?: object;
  readonly environment?: Record<string, string>;
  /** Data of an earlier start; a new directory otherwise. */
  readonly dataDir?: string;
  /** A process group of its own, as a shell gives it: `-pid` then reaches its children, too. */
  readonly ownGroup?: boolean;
}

/** The built product as a user runs it: its own process, embedded PostgreSQL, journal on disk. */
export class Standalone {
  private output = '';

  private constructor(
    private readonly child: ChildProcess,
    readonly port: number,
    readonly dataDir: string,
  ) {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.output = (this.output + text).slice(-200_000)));
    }
  }

  /** Starts it and waits until it answers; rejects with its output if it exits first. */
  static async start(options: StandaloneOptions = {}): Promise<Standalone> {
    const started = await Standalone.launch(options);
    await started.ready();
    return started;
  }

  /** Starts it without waiting. */
  static async launch({
    config,
    environment = {},
    dataDir = newDataDir(),
    ownGroup = false,
  }: StandaloneOptions = {}): Promise<Standalone> {
    await (built ??= build());
    const port = await freePort();
    const configPath = join(dataDir, 'overture.yaml');
    if (config !== undefined) writeFileSync(configPath, stringify(config));
    const inherited = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !/_API_KEY$|^OVERTURE_|^NODE_OPTIONS$/.test(name)),
    );
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN], {
      cwd: dataDir,
      env: {
        ...inherited,
        PORT: String(port),
        OVERTURE_DATA: join(dataDir, 'data'),
        OVERTURE_BOOTSTRAP_KEY: TEST_KEY,
        LOG_LEVEL: 'warn',
        ...(config === undefined ? {} : { OVERTURE_CONFIG: configPath }),
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: ownGroup,
    });
    return new Standalone(child, port, dataDir);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get printed(): string {
    return this.output;
  }

  async ready(): Promise<void> {
    for (;;) {
      if (this.child.exitCode !== null || this.child.signalCode !== null) {
        throw new Error(`the gateway exited (${this.child.exitCode ?? this.child.signalCode}):\n${this.output}`);
      }
      const response = await fetch(`${this.url}/v1/health`).catch(() => null);
      if (response?.status === 200) return;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  /** Waits for the process to end by itself. */
  exited(): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return Promise.resolve(this.child.exitCode);
    return new Promise((resolve) => this.child.once('exit', (code) => resolve(code)));
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    const ended = this.exited();
    this.child.kill(signal);
    return ended;
  }

  /** Stops it and deletes its data. */
  async discard(): Promise<void> {
    await this.stop();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  /** One call with the test key; `body` is sent as JSON. */
  request(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(this.url + path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${TEST_KEY}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  }

  /** A chat completion of one line. */
  chat(model: string, more: object = {}, headers: Record<string, string> = {}): Promise<Response> {
    const body = { model, messages: [{ role: 'user', content: 'hello' }], ...more };
    return this.request('/v1/chat/completions', body, headers);
  }

  /** What the log knows of the request that this is the answer of. */
  async recordOf(answer: Pick<Response, 'headers'>): Promise<RequestView> {
    const response = await this.request(`/v1/requests/${answer.headers.get('x-request-id')}`);
    return (await response.json()) as RequestView;
  }

  /** Value of one series of `/metrics`, named as it is shown there, labels included; 0 where there is none yet. */
  async metric(series: string): Promise<number> {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    const line = text.split('\n').find((shown) => shown.startsWith(`${series} `));
    return line === undefined ? 0 : Number(line.slice(series.length));
  }
}

export const newDataDir = (): string => mkdtempSync(join(tmpdir(), 'overture-test-'));

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
