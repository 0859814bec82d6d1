import type { EntityManager } from '@mikro-orm/postgresql';
import { register } from 'prom-client';
import type { Logger } from 'pino';
import type { Clock } from '#contracts';
import { UuidV7Source, type CompactedTable, type JournalShipper, type LogReader, type ReplicaLog } from '#event-log';
import { BudgetBook, type SliceAuthority } from '#ledger';
import { UpstreamPools } from '#providers';
import { CandidateBreakers, PosteriorView, VectorCache } from '#routing';
import { KeyDirectory, type AnonymousAccess } from '#tenancy';
import { Admission } from '../answer-request/admission.js';
import { AnswerSurroundings } from '../answer-request/answer/answer.js';
import { DrainPump } from '../answer-request/answer/drain-pump.js';
import { DurableLog } from '../answer-request/durable-log.js';
import { FactLog } from '../answer-request/fact-log.js';
import { ProviderCaller } from '../answer-request/provider-caller.js';
import { RequestRouter } from '../answer-request/request-router.js';
import { Settlement } from '../answer-request/settlement.js';
import type { GatewayConfig } from '../config/gateway.config.js';
import type { ConfiguredConnection } from '../config/resolve-connections.js';
import { BudgetDirectory } from '../feeds/budget-directory.js';
import { DatabaseContact } from '../feeds/database-contact.js';
import { GatewayMetrics } from '../metrics/gateway-metrics.js';
import { MetricsPage } from '../metrics/metrics-page.js';
import { ConnectionBook } from '../routes/connection-book.js';
import { readinessChecks } from '../surface/operations/readiness-checks.js';
import { AnswerKeeper } from '../traffic/answer-keeper.js';
import { CachedAnswers } from '../traffic/cached-answers.js';
import { RepeatedRequests } from '../traffic/repeated-requests.js';
import { ReusedAnswers } from '../traffic/reused-answers.js';
import { Traffic } from '../traffic/traffic.js';
import { OverloadGate } from '../surface/overload-gate.js';

/** What a gateway is given: the engines of its deployment, opened by whoever starts it. */
export interface GatewayEngines {
  readonly config: GatewayConfig;
  /** Connections to serve: the configured ones, or the simulated providers. */
  readonly connections: readonly ConfiguredConnection[];
  /** This replica's own journal. */
  readonly log: ReplicaLog;
  /** The log that projections fold: the journal itself, or the one that all replicas share. */
  readonly projectedLog: LogReader;
  /** Brings the journal to the log that all replicas share; null where the journal is all there is. */
  readonly shipper: JournalShipper | null;
  /** What projectors tell of posteriors; null where the gateway reads them in the tables. */
  readonly posteriorTable: CompactedTable | null;
  readonly em: EntityManager;
  readonly authority: SliceAuthority;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly version: string;
  /** Journal slot of this process, e.g. `slot-0`. */
  readonly slot: string;
  /** Seed of the routing draws. */
  readonly seed: number;
  /** Caller without a key, where the operator allows it. */
  readonly anonymous: AnonymousAccess;
  /** What /metrics shows; left out: the figures of this process. */
  readonly metricsPage?: MetricsPage;
}

/** The wired data plane, before Nest puts HTTP in front of it. */
export type GatewayCore = ReturnType<typeof wireGateway>;

/** Wires the corridor. Nothing runs yet. */
export function wireGateway(engines: GatewayEngines) {
  const { clock, logger, log, config, slot } = engines;
  const source = `/gateway/${slot}`;
  const ids = new UuidV7Source(clock);
  const keys = new KeyDirectory();
  const posteriors = new PosteriorView();
  const directory = new BudgetDirectory();
  const budgets = new BudgetBook(engines.authority, slot);
  const book = new ConnectionBook(engines.connections, config.groups);
  const metrics = new GatewayMetrics(register);
  const isReplicated = config.environment.durability === 'replicated';
  const durable = new DurableLog({ log, shipper: engines.shipper, isReplicated, clock });
  const overload = new OverloadGate(config.environment.inFlightMax, durable);
  const database = new DatabaseContact(clock);
  const facts = new FactLog(durable, clock, logger);
  const pools = new UpstreamPools();
  const traffic = new Traffic({ config, em: engines.em, clock, logger, registry: register });
  const breakers = new CandidateBreakers({
    clock,
    source,
    // A lost transition changes no money: it is retried like every fact, and nobody waits for it.
    onTransition: (fact) =>
      void facts.persist([fact]).durable.catch((error: unknown) => logger.error({ err: error }, 'breaker event lost')),
  });
  const surroundings = new AnswerSurroundings(clock, logger, metrics, overload, new DrainPump());
  const keeper = new AnswerKeeper({ facts, log, clock, source });
  const repeated = new RepeatedRequests(traffic.idempotency, keeper);
  const cached =
    traffic.cache === null || config.cache === null
      ? null
      : new CachedAnswers(traffic.cache, keeper, { anyTemperature: false, ...config.cache });
  return {
    ...engines,
    metricsPage: engines.metricsPage ?? new MetricsPage(() => register.metrics()),
    source,
    ids,
    keys,
    posteriors,
    directory,
    budgets,
    book,
    metrics,
    overload,
    database,
    readinessChecks: readinessChecks({ overload, durable, database, directory }),
    facts,
    pools,
    traffic,
    admission: new Admission(
      book,
      { book: budgets, directory },
      { clock, ids },
      { unpricedModels: config.unpricedModels },
      traffic.limits,
    ),
    router: new RequestRouter(book, new VectorCache(posteriors), breakers, {
      clock,
      policy: config.policy,
      seed: engines.seed,
      source,
    }),
    providers: new ProviderCaller(facts, { pools, clock }, config.environment.durability),
    settlement: new Settlement(budgets, book, facts, clock, metrics),
    surroundings,
    reused: new ReusedAnswers({ repeated, cached }, keeper, surroundings, traffic.metrics),
  };
}
