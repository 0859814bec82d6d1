import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EngineProcess } from './process/engine-process.js';
import { stablePort } from './process/stable-port.js';

const BINARY = 'redis-server';

export interface RedisServerOptions {
  /** What a killed server left; a new, empty one otherwise. */
  readonly folder?: string;
  /** Where it listens; a free one otherwise. */
  readonly port?: number;
  /** Named as in redis.conf, `{ appendonly: 'yes' }` say. Without any, nothing is on disk: a restart forgets all. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A real Redis (`apt-get install redis-server`) on a free port of loopback, ready in some 50 ms. */
export class RedisServer {
  private constructor(
    private readonly engine: EngineProcess,
    readonly folder: string,
    readonly port: number,
  ) {}

  /** Whether this machine has one. */
  static isInstalled(): boolean {
    return spawnSync(BINARY, ['--version']).status === 0;
  }

  /** Starts it and waits until it answers; rejects with what it printed if it ends before. */
  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    const { folder = mkdtempSync(join(tmpdir(), 'overture-redis-')), port = await stablePort() } = options;
    const settings = { port, bind: '127.0.0.1', dir: folder, save: '', appendonly: 'no', ...options.settings };
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
    const server = new RedisServer(new EngineProcess({ command: BINARY, args, folder }), folder, port);
    await server.launch();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Of the process that runs; 0 when none does. */
  get pid(): number {
    return this.engine.pid;
  }

  /** Ends it, by default as a power cut of the machine would; resolves when it is gone. */
  kill(signal?: NodeJS.Signals): Promise<void> {
    return this.engine.kill(signal);
  }

  /** Removes what `SAVE` has written. */
  forget(): void {
    rmSync(join(this.folder, 'dump.rdb'), { force: true });
  }

  /** On the same port; empty, unless it was told to keep something by its settings or by `SAVE`. */
  async restart(): Promise<void> {
    await this.kill();
    await this.launch();
  }

  /** It stands still: connections stay, answers do not come. */
  pause(): void {
    this.engine.signal('SIGSTOP');
  }

  resume(): void {
    this.engine.signal('SIGCONT');
  }

  /** Runs one command, `FLUSHALL` say, and gives the first line of the reply. */
  command(...words: readonly string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect(this.port, '127.0.0.1', () => socket.write(`${words.join(' ')}\r\n`));
      const gone = (): void => reject(new Error('Redis hung up'));
      socket
        .once('error', reject)
        .once('close', gone)
        .once('data', (reply) => {
          resolve(reply.toString().split('\r\n')[0] ?? '');
          socket.destroy();
        });
    });
  }

  /** Ends it and removes its files. */
  stop(): Promise<void> {
    return this.engine.discard();
  }

  private launch(): Promise<void> {
    return this.engine.launchUntil(async () => (await this.command('PING').catch(() => '')) === '+PONG');
  }
}

/** Tests that need Redis skip themselves on a machine without it; .ci/run then fails. */
export const describeWithRedis = RedisServer.isInstalled() ? describe : describe.skip;
