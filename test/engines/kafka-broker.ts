import { cpSync, existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { EngineProcess } from './process/engine-process.js';
import { FORMATTED_STORAGE, isKafkaPrepared, kafkaCommand, kafkaSettings } from './prepare/prepare-kafka.mjs';
import { stablePort } from './process/stable-port.js';

/** Tests that need a broker skip themselves where scripts/test.mjs could not prepare one; .ci/run then fails. */
export const describeWithKafka = isKafkaPrepared() ? describe : describe.skip;

export interface KafkaBrokerOptions {
  /** Where clients are told to connect to: the port of a proxy in front of `port`. `port` itself if there is none. */
  readonly advertisedPort?: number;
  /** Ports of proxies. For each the broker has a port more, `doors`, whose clients are told to come by that proxy. */
  readonly doorsBehind?: readonly number[];
  /** What a killed broker left; a new, empty one otherwise. */
  readonly folder?: string;
  /** Where it listens for clients; a free one otherwise. */
  readonly port?: number;
  /** On top of test/kafka/server.properties, named as Kafka does. */
  readonly settings?: Readonly<Record<string, string>>;
}

interface Addresses {
  readonly bootstrap: string;
  readonly direct: string;
  readonly doors: readonly number[];
}

/**
 * A real Kafka, one broker that is its own controller (KRaft). With two busy cores it is ready 1.5 to 2.5 s after its
 * start and 3 to 4 s after a kill; it takes 1.4 s of CPU and 170 MB.
 */
export class KafkaBroker {
  private constructor(
    private readonly engine: EngineProcess,
    readonly folder: string,
    /** Where it listens for clients: the target of a proxy. */
    readonly port: number,
    private readonly addresses: Addresses,
  ) {}

  /** Address for clients: that of the proxy, if there is one. */
  get bootstrap(): string {
    return this.addresses.bootstrap;
  }

  /** Address past every proxy, for looking behind the curtain. */
  get directBootstrap(): string {
    return this.addresses.direct;
  }

  /** Where it listens behind each of `doorsBehind`, in their order. */
  get doors(): readonly number[] {
    return this.addresses.doors;
  }

  /** Resolves when clients are answered and groups can be joined; rejects with what it printed if it ends before. */
  static async start(options: KafkaBrokerOptions = {}): Promise<KafkaBroker> {
    const { folder = mkdtempSync(join(tmpdir(), 'overture-kafka-')), port = await stablePort(), settings } = options;
    const { advertisedPort = port, doorsBehind = [] } = options;
    const direct = await stablePort();
    const doors: { port: number; advertisedPort: number }[] = [];
    for (const behind of doorsBehind) doors.push({ port: await stablePort(), advertisedPort: behind });
    const ports = { clients: port, direct, controller: await stablePort(), advertised: advertisedPort, doors };
    const data = join(folder, 'data');
    const file = join(folder, 'server.properties');
    if (!existsSync(data)) cpSync(FORMATTED_STORAGE, data, { recursive: true });
    writeFileSync(file, kafkaSettings(data, ports, settings));
    const engine = new EngineProcess({ ...kafkaCommand(file), folder });
    const broker = new KafkaBroker(engine, folder, port, {
      bootstrap: `127.0.0.1:${advertisedPort}`,
      direct: `127.0.0.1:${direct}`,
      doors: doors.map((door) => door.port),
    });
    await broker.launch();
    return broker;
  }

  get isRunning(): boolean {
    return this.engine.isRunning;
  }

  /** The end of what the broker printed: warnings and errors. */
  get printed(): string {
    return this.engine.printed;
  }

  /** Ends it, by default as a power cut of the machine would; files stay. */
  kill(signal?: NodeJS.Signals): Promise<void> {
    return this.engine.kill(signal);
  }

  /** Starts it again with its files and ports, after an orderly end if it still runs; resolves when it is ready. */
  async restart(): Promise<void> {
    await this.engine.kill('SIGTERM');
    await this.launch();
  }

  /** Stops the process where it stands: connections stay open and nobody answers. */
  pause(): void {
    this.engine.signal('SIGSTOP');
  }

  resume(): void {
    this.engine.signal('SIGCONT');
  }

  /** Ends it and removes its files. */
  stop(): Promise<void> {
    return this.engine.discard();
  }

  private launch(): Promise<void> {
    return this.engine.launchUntil(() => this.isReady());
  }

  /** Whether the broker leads its partitions and has loaded the groups. */
  private async isReady(): Promise<boolean> {
    const admin = new Kafka({
      brokers: [this.directBootstrap],
      logLevel: logLevel.NOTHING,
      retry: { retries: 0 },
    }).admin();
    try {
      await admin.connect();
      await admin.listTopics(); // fills the list of brokers that the next call chooses from
      await admin.fetchOffsets({ groupId: 'nobody' });
      return true;
    } catch {
      return false;
    } finally {
      await admin.disconnect();
    }
  }
}
