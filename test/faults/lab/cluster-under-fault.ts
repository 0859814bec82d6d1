import { join } from 'node:path';
import { Cluster, type Replica } from '../../engines/cluster.js';
import { RedisServer } from '../../engines/redis-server.js';
import { ScriptedUpstream, type Behaviour } from '../../engines/scripted-upstream.js';
import { TEST_KEY } from '../../engines/standalone.js';
import { waitUntil } from '../../engines/wait-until.js';
import type { BookCheck, Premises } from './book-check.js';
import { ClusterRoads, databaseUrlOf } from './cluster-roads.js';
import { Crowd, type Received } from './crowd.js';
import type { Dice } from './dice.js';
import { configUnderFault, killHard, rebuildDifferences } from './installation-under-fault.js';
import { InstalledDatabase } from './installed-database.js';
import { PROBE } from './moody-provider.js';
import { TopicAudit, readJournalOrder, type JournalOrder } from './topic-audit.js';

const GATEWAYS = 3;
const PROJECTORS = 2;
/** Callers at each gateway, and their answers, once a fault is over. */
const CALM_SIZE = 10;
const CALM_ANSWERS = 30;
/** Refusals for which there is a reason only while something is away, or used up. */
const NEVER_IN_CALM = new Set([
  'budget_exhausted',
  'budget_held',
  'rate_limit_exceeded',
  'ledger_unavailable',
  'journal_unavailable',
  'journal_full',
  'internal_error',
]);
/** Seed of proxies; what they do is told by the dice of each round. */
const ROADS_SEED = 1_000;
/** The one of `configUnderFault` that is for everybody. */
const SHARED_BUDGET = 'all';
/** Callers at each gateway. */
const CROWD_SIZE = 70;

/** A process that can be killed and comes back. */
export interface Victim {
  readonly name: string;
  kill(): Promise<void>;
  /** Resolves when it answers again. */
  revive(): Promise<void>;
}

/** What a campaign has different from the others. */
interface Choices {
  readonly gateways: number;
  readonly projectors: number;
  /** Every process reaches the engines by proxies of its own, and all of them the provider by one. */
  readonly hasRoads: boolean;
  /** More of `overture.yaml`. */
  readonly settings: object;
  /** Of every process. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Gateways, projectors, Kafka, PostgreSQL and Redis through all rounds of a campaign. */
export class ClusterUnderFault implements Premises {
  /** A database that was killed is a reason for `ledger_unavailable`, a dead gateway's holds for `budget_held`. */
  readonly phantomCodes = new Set(['budget_exhausted']);

  private constructor(
    readonly upstream: ScriptedUpstream,
    readonly cluster: Cluster,
    private readonly redis: RedisServer,
    private readonly proxies: ClusterRoads | null,
  ) {}

  static async create(
    behaviour: Behaviour,
    {
      gateways = GATEWAYS,
      projectors = PROJECTORS,
      hasRoads = false,
      settings = {},
      environment = {},
    }: Partial<Choices> = {},
  ): Promise<ClusterUnderFault> {
    const upstream = await ScriptedUpstream.start(behaviour);
    const redis = await RedisServer.start();
    const roads = hasRoads ? await ClusterRoads.start(namesOf(gateways, projectors), ROADS_SEED) : null;
    const cluster = await Cluster.start({
      config: { ...configUnderFault(roads?.leadToProvider(upstream) ?? upstream.baseUrl), ...settings },
      gateways,
      projectors,
      environment: { OVERTURE_REDIS_URL: redis.url, ...environment },
      kafka: { doorsBehind: roads?.kafkaPorts ?? [] },
      settingsOf: (name, engines) =>
        roads?.leadTo(name, engines, redis) ?? { OVERTURE_DATABASE_URL: databaseUrlOf(name, engines.postgres) },
    });
    return new ClusterUnderFault(upstream, cluster, redis, roads);
  }

  /** The proxies, where the campaign asked for them. */
  get roads(): ClusterRoads {
    if (this.proxies === null) throw new Error('this cluster has no roads');
    return this.proxies;
  }

  get gateways(): Premises['gateways'] {
    return this.cluster.replicas.map(({ url }) => ({
      request: (path, body, headers = {}) =>
        fetch(url + path, {
          method: body === undefined ? 'GET' : 'POST',
          // On a connection of its own: one that is kept would hold back a worker that is about to end.
          headers: {
            authorization: `Bearer ${TEST_KEY}`,
            'content-type': 'application/json',
            connection: 'close',
            ...headers,
          },
          ...(body !== undefined && { body: JSON.stringify(body) }),
        }),
    }));
  }

  newAudit(): TopicAudit {
    const brokers = [this.cluster.broker.directBootstrap];
    return new TopicAudit({ brokers, clientId: 'audit', onTrouble: () => undefined });
  }

  database(): Promise<InstalledDatabase> {
    return InstalledDatabase.open({ connectionString: this.cluster.postgres.url('postgres') });
  }

  /** Callers at every gateway. */
  crowds(name: string, dice: Dice, size = CROWD_SIZE): Crowd[] {
    return this.cluster.replicas.map(({ url, slot }) => new Crowd({ url, dice, size, name: `${name}-${slot}` }));
  }

  /** Callers at every gateway once nothing is in the way; and those whom it refused although nothing gives reason. */
  async askAfterwards(name: string, dice: Dice): Promise<{ received: readonly Received[]; refused: string[] }> {
    const crowds = this.crowds(name, dice, CALM_SIZE);
    await Promise.all(crowds.map((crowd) => crowd.answered(CALM_ANSWERS)));
    await Promise.all(crowds.map((crowd) => crowd.stop()));
    const received = crowds.flatMap((crowd) => crowd.received);
    const refused = received.filter(({ code }) => NEVER_IN_CALM.has(code));
    return {
      received,
      refused: refused.map(({ clientId, code }) => `${clientId} was refused with ${code} afterwards`),
    };
  }

  /** What a gateway says of itself under this name, 0 where it says nothing yet, for each of them. */
  metrics(name: string): Promise<number[]> {
    const series = new RegExp(`^${name}(?:\\{.*\\})? (.*)$`, 'm');
    return Promise.all(
      this.gateways.map(async (gateway) => {
        const shown = await (await gateway.request('/metrics')).text();
        return Number(series.exec(shown)?.[1] ?? 0);
      }),
    );
  }

  victims(): readonly [Victim, ...Victim[]] {
    const { broker, postgres, replicas, projectors } = this.cluster;
    return [
      { name: 'kafka', kill: () => broker.kill('SIGKILL'), revive: () => broker.restart() },
      {
        name: 'postgres',
        kill: () => Promise.resolve(killHard(postgres.pid)),
        revive: () => this.databaseAnswers(), // whoever started it starts it again
      },
      { name: 'redis', kill: () => this.redis.kill('SIGKILL'), revive: () => this.redis.restart() },
      ...replicas.map((replica) => this.gatewayVictim(replica)),
      ...projectors.map((projector) => ({
        name: projector.name,
        kill: async () => void (await projector.end('SIGKILL')),
        revive: () => Promise.resolve(projector.start()),
      })),
    ];
  }

  /** Every gateway answers, and the topic has everything that their journals have. */
  async settled(): Promise<void> {
    for (const replica of this.cluster.replicas) await this.cluster.ready(replica);
    await waitUntil(async () => (await this.metrics('overture_journal_backlog_events')).every((count) => count === 0));
  }

  /** What all gateways together may spend from now on, in nano-USD, beyond everything that is promised. */
  async leaveRoom(room: bigint): Promise<void> {
    const database = await this.database();
    await database.leaveRoom(SHARED_BUDGET, room);
    await database.close();
  }

  /** So much more than they might until now: whoever has overspent before has it no more easily. */
  async addRoom(room: bigint): Promise<void> {
    const database = await this.database();
    await database.run(
      `update control.budget set limit_nano_usd = limit_nano_usd + ${room} where name = '${SHARED_BUDGET}'`,
    );
    await database.close();
  }

  /**
   * Sends the callers home and looks everything up that was spent within a scarce limit; then money is no object again,
   * and every gateway knows.
   */
  async endScarcity(books: BookCheck, crowds: readonly Crowd[], room: bigint): Promise<void> {
    await Promise.all(crowds.map((crowd) => crowd.stop()));
    await this.settled();
    await books.checkReturned();
    await this.leaveRoom(room);
    const messages = [{ role: 'user', content: 'Is there money?' }];
    const body = { model: 'gpt-4o-mini', user: PROBE, max_tokens: 16, messages };
    for (const gateway of this.gateways)
      await waitUntil(async () => {
        const answer = await gateway.request('/v1/chat/completions', body);
        await answer.text();
        return answer.status === 200;
      });
  }

  /**
   * Sends the callers home and looks everything up once it has come to rest; where a rebuild has other tables.
   * @param expected codes that there was reason to refuse somebody with.
   */
  async closeBooks(
    books: BookCheck,
    crowds: readonly Crowd[],
    expected: ReadonlySet<string> = new Set(),
  ): Promise<string[]> {
    await Promise.all(crowds.map((crowd) => crowd.stop()));
    await this.settled();
    await books.check(crowds.flatMap(({ received }) => received).filter(({ code }) => !expected.has(code)));
    await books.checkAtRest();
    return this.rebuildDifferences();
  }

  /** Folders of the gateways' journals. */
  get journals(): readonly string[] {
    return this.cluster.replicas.map(({ dataDir }) => join(dataDir, 'journal'));
  }

  /** What the gateways' journals have now. */
  journalOrders(): Promise<readonly JournalOrder[]> {
    return Promise.all(this.journals.map(readJournalOrder));
  }

  /** Events of the gateways' journals, as they are or were, that the topic has not, or in another order. */
  async shippingDifferences(journals?: readonly JournalOrder[]): Promise<string[]> {
    const topic = this.newAudit();
    await topic.advance();
    return (journals ?? (await this.journalOrders())).flatMap((journal) => topic.unlike(journal));
  }

  async rebuildDifferences(): Promise<string[]> {
    return rebuildDifferences(await this.cluster.overture('rebuild', '--compare-only', '--json'));
  }

  async discard(): Promise<void> {
    this.proxies?.heal(); // a stop may wait for engines
    await this.cluster.discard();
    await this.proxies?.close();
    await this.redis.stop();
    await this.upstream.close();
  }

  private gatewayVictim(replica: Replica): Victim {
    return {
      name: replica.slot,
      kill: async () => void (await replica.process.end('SIGKILL')),
      revive: async () => {
        replica.process.start();
        await this.cluster.ready(replica);
      },
    };
  }

  private async databaseAnswers(): Promise<void> {
    await waitUntil(async () => {
      const database = await this.database().catch(() => false as const);
      if (database !== false) await database.close();
      return database !== false;
    });
  }
}

const namesOf = (gateways: number, projectors: number): string[] => [
  ...Array.from({ length: gateways }, (_, index) => `gateway-${index}`),
  ...Array.from({ length: projectors }, (_, index) => `projector-${index}`),
];
