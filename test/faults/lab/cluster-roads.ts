import { DATABASE_LOGINS } from '#persistence';
import type { Engines } from '../../engines/cluster.js';
import { FaultyProxy } from '../../engines/faulty-proxy.js';
import type { RedisServer } from '../../engines/redis-server.js';
import type { ScriptedUpstream } from '../../engines/scripted-upstream.js';

export const ENGINES = ['kafka', 'postgres', 'redis'] as const;
export type EngineName = (typeof ENGINES)[number];

/** How one gateway or projector reaches the engines: a proxy to each. */
export type Roads = Readonly<Record<EngineName, FaultyProxy>>;

/** Connection URL of one process. PostgreSQL knows projectors by their names. */
export function databaseUrlOf(name: string, postgres: Engines['postgres']): string {
  if (name.startsWith('gateway')) return postgres.url(DATABASE_LOGINS.gateway);
  return `${postgres.url(DATABASE_LOGINS.projector)}?application_name=${name}`;
}

/** A proxy between every process of a cluster and every engine, and one between the gateways and their provider. */
export class ClusterRoads {
  private constructor(
    /** By the name of the process. */
    readonly of: ReadonlyMap<string, Roads>,
    readonly toProvider: FaultyProxy,
  ) {}

  /** For these processes, the engines to come. */
  static async start(names: readonly string[], seed: number): Promise<ClusterRoads> {
    const of = new Map<string, Roads>();
    for (const [index, name] of names.entries()) {
      const [kafka, postgres, redis] = await Promise.all(
        ENGINES.map((_, at) => FaultyProxy.start({ seed: seed + index * ENGINES.length + at })),
      );
      of.set(name, { kafka: kafka!, postgres: postgres!, redis: redis! });
    }
    return new ClusterRoads(of, await FaultyProxy.start({ seed: seed - 1 }));
  }

  /** Every proxy, that to the provider included. */
  get all(): readonly FaultyProxy[] {
    return [...[...this.of.values()].flatMap((roads) => Object.values(roads)), this.toProvider];
  }

  /** Ports of the proxies to Kafka: each of them needs a door of its own, since brokers tell where to connect to. */
  get kafkaPorts(): readonly number[] {
    return [...this.of.values()].map(({ kafka }) => kafka.port);
  }

  /** The provider's base URL by the proxy. */
  leadToProvider({ baseUrl }: ScriptedUpstream): string {
    const url = new URL(baseUrl);
    this.toProvider.target = Number(url.port);
    url.port = String(this.toProvider.port);
    return url.href;
  }

  /** Leads the roads of one process to the engines, and says what it has to be told for that. */
  leadTo(name: string, { broker, postgres }: Engines, server: RedisServer): Record<string, string> {
    const roads = this.of.get(name);
    if (roads === undefined) throw new Error(`${name} has no roads`);
    roads.kafka.target = broker.doors[[...this.of.keys()].indexOf(name)] ?? 0;
    roads.redis.target = server.port;
    const url = databaseUrlOf(name, postgres);
    const [place = '', folder = '', port = ''] = /@([^/:]+):(\d+)/.exec(url) ?? [];
    roads.postgres.target = `${decodeURIComponent(folder)}/.s.PGSQL.${port}`;
    return {
      OVERTURE_KAFKA_BROKERS: roads.kafka.address,
      OVERTURE_DATABASE_URL: url.replace(place, `@${roads.postgres.address}`), // TCP, and not a Unix socket
      OVERTURE_REDIS_URL: `redis://${roads.redis.address}`,
    };
  }

  /** Everything passes again. */
  heal(): void {
    for (const proxy of this.all) proxy.heal();
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map((proxy) => proxy.close()));
  }
}
