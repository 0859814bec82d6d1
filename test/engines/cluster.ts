import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { DATABASE_LOGINS, startEmbeddedPostgres, type EmbeddedPostgres } from '#persistence';
import { build } from '../../scripts/build.mjs';
import { AppProcess } from './app-process.js';
import { KafkaBroker, type KafkaBrokerOptions } from './kafka-broker.js';
import { TEST_KEY, freePort } from './standalone.js';
import { waitUntil } from './wait-until.js';

export interface ClusterOptions {
  /** Contents of `overture.yaml`, the same for all replicas. */
  readonly config: object;
  readonly gateways: number;
  readonly projectors: number;
  readonly environment?: Readonly<Record<string, string>>;
  /** Where clients of Kafka are told to connect to, and doors of its own for some of them. */
  readonly kafka?: Pick<KafkaBrokerOptions, 'advertisedPort' | 'doorsBehind'>;
  /** What one gateway or projector is told otherwise than the others; asked when the engines run. */
  readonly settingsOf?: (name: string, engines: Engines) => Readonly<Record<string, string>>;
}

/** What all processes of a cluster share. */
export interface Engines {
  readonly broker: KafkaBroker;
  readonly postgres: EmbeddedPostgres;
}

/** A gateway of the cluster, and where it listens. */
export interface Replica {
  readonly slot: string;
  readonly url: string;
  readonly dataDir: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly process: AppProcess;
}

interface Parts extends Engines {
  readonly folder: string;
  readonly settings: Readonly<Record<string, string>>;
}

const SILENT = { info: () => undefined, warn: () => undefined };

/** Several gateways and projectors with a real Kafka and a real PostgreSQL, each a process of its own. */
export class Cluster {
  private constructor(
    private readonly parts: Parts,
    private made: readonly Replica[],
    readonly projectors: readonly AppProcess[],
  ) {}

  get replicas(): readonly Replica[] {
    return this.made;
  }

  get broker(): KafkaBroker {
    return this.parts.broker;
  }

  get postgres(): EmbeddedPostgres {
    return this.parts.postgres;
  }

  /** One more gateway, not started yet: a new journal under this name. */
  addReplica(slot: string, environment: Readonly<Record<string, string>> = {}): Promise<Replica> {
    return makeReplica(this.parts, slot, environment);
  }

  /** The same gateway under other settings, not started yet: its journal, its name, its port. */
  changed(replica: Replica, environment: Readonly<Record<string, string>>): Replica {
    const settings = { ...replica.environment, ...environment };
    return { ...replica, environment: settings, process: new AppProcess(replica.slot, 'gateway', settings) };
  }

  /** Puts the same gateway under other settings in its place, not started yet. */
  change(replica: Replica, environment: Readonly<Record<string, string>>): Replica {
    const changed = this.changed(replica, environment);
    this.made = this.made.map((other) => (other.slot === replica.slot ? changed : other));
    return changed;
  }

  /** Migrates, starts everything and waits until every gateway answers. */
  static async start(options: ClusterOptions): Promise<Cluster> {
    await build();
    const { config, gateways, projectors, environment = {}, kafka, settingsOf = () => ({}) } = options;
    const folder = mkdtempSync(join(tmpdir(), 'overture-cluster-'));
    const configPath = join(folder, 'overture.yaml');
    writeFileSync(configPath, stringify(config));
    const [broker, postgres] = await Promise.all([
      KafkaBroker.start(kafka),
      startEmbeddedPostgres({ dataDir: join(folder, 'postgres'), log: SILENT }),
    ]);
    const settings = { OVERTURE_KAFKA_BROKERS: broker.bootstrap, OVERTURE_CONFIG: configPath, ...environment };
    const parts = { folder, broker, postgres, settings };
    const made: Replica[] = [];
    for (let index = 0; index < gateways; index += 1) {
      const slot = `gateway-${index}`;
      made.push(await makeReplica(parts, slot, settingsOf(slot, parts)));
    }
    const folders = Array.from({ length: projectors }, (_, index) => {
      const name = `projector-${index}`;
      const databaseUrl = postgres.url(DATABASE_LOGINS.projector);
      const own = { ...settings, OVERTURE_DATABASE_URL: databaseUrl, ...settingsOf(name, parts) };
      return new AppProcess(name, 'projector', own);
    });
    const cluster = new Cluster(parts, made, folders);
    try {
      await cluster.bringUp();
    } catch (error) {
      await cluster.discard();
      throw error;
    }
    return cluster;
  }

  /** The operator's command, not started yet. */
  command(): AppProcess {
    return new AppProcess('overture', 'cli', {
      ...this.parts.settings,
      OVERTURE_KAFKA_REPLICATION: '1',
      OVERTURE_BOOTSTRAP_KEY: TEST_KEY,
      OVERTURE_MIGRATOR_URL: this.postgres.url(DATABASE_LOGINS.migrator),
      OVERTURE_PROJECTOR_URL: this.postgres.url(DATABASE_LOGINS.projector),
    });
  }

  /** Standard output of one of the operator's commands; rejects with all that it printed if it fails. */
  async overture(...args: readonly string[]): Promise<string> {
    const command = this.command();
    command.start(...args);
    const code = await command.exited();
    if (code !== 0) throw new Error(`overture ${args.join(' ')} ended with ${code}:\n${command.printed}`);
    return command.stdout;
  }

  /** Resolves when the gateway answers; rejects with what it printed if it ends before. */
  async ready({ process, url }: Replica): Promise<void> {
    await waitUntil(async () => {
      if (!process.isRunning) throw new Error(`${process.name} ended:\n${process.printed}`);
      // On a connection of its own: one that is kept would be about the same worker for ever.
      const health = await fetch(`${url}/v1/health`, { headers: { connection: 'close' } }).catch(() => null);
      return health?.status === 200;
    });
  }

  /** Everything that was ever printed at level error or fatal. */
  complaints(): string[] {
    const lines = [...this.replicas.map(({ process }) => process), ...this.projectors].flatMap(({ name, printed }) =>
      printed.split('\n').map((line) => `${name}: ${line}`),
    );
    return lines.filter((line) => /"level":"(error|fatal)"/.test(line));
  }

  /** Stops everything and removes its files. */
  async discard(): Promise<void> {
    const processes = [...this.replicas.map((replica) => replica.process), ...this.projectors];
    await Promise.all(processes.map((process) => process.end('SIGTERM')));
    await this.postgres.stop();
    await this.broker.stop();
    rmSync(this.parts.folder, { recursive: true, force: true });
  }

  private async bringUp(): Promise<void> {
    await this.overture('migrate');
    for (const { process } of this.replicas) process.start();
    for (const projector of this.projectors) projector.start();
    await Promise.all(this.replicas.map((replica) => this.ready(replica)));
  }
}

async function makeReplica(
  { folder, postgres, settings }: Parts,
  slot: string,
  different: Readonly<Record<string, string>> = {},
): Promise<Replica> {
  const port = await freePort();
  const dataDir = mkdtempSync(join(folder, 'gateway-'));
  const own = {
    ...settings,
    PORT: String(port),
    OVERTURE_SLOT: slot,
    OVERTURE_DATA: dataDir,
    OVERTURE_DATABASE_URL: postgres.url(DATABASE_LOGINS.gateway),
    ...different,
  };
  const process = new AppProcess(slot, 'gateway', own);
  return { slot, dataDir, environment: own, url: `http://127.0.0.1:${port}`, process };
}
