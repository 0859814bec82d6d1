import { crc32 } from 'node:zlib';
import { DEFAULT_POLICY, buildModelIndex, type OfferedConnection, type RoutingPolicy } from '#routing';
import { readEnvironment, type Environment } from './environment.config.js';
import type { ConfiguredLimit, OvertureFile } from './overture-file.schema.js';
import { readOvertureFile } from './read-overture-file.js';
import { simulatedOffers } from './simulated-connections.js';
import { resolveConnections, type ResolvedConnections } from './resolve-connections.js';
import { nanoUsdOf } from '#ledger';

const DAY_S = 86_400;

/** Everything that a start was told, checked as a whole. */
export interface GatewayConfig {
  readonly environment: Environment;
  readonly resolved: ResolvedConnections;
  readonly groups: Readonly<Record<string, readonly string[]>>;
  readonly budgets: NonNullable<OvertureFile['budgets']>;
  readonly limits: readonly ConfiguredLimit[];
  readonly idempotencyKeptForMs: number;
  /** Null where nothing is cached. */
  readonly cache: NonNullable<OvertureFile['cache']> | null;
  readonly policy: RoutingPolicy;
  readonly unpricedModels: 'allow' | 'block';
}

/** The start was told things that cannot be; all of them are named. */
export class ConfigurationError extends Error {
  constructor(readonly problems: readonly string[]) {
    const lines = problems.map((line) => `  - ${line}`).join('\n');
    super(`The configuration has ${problems.length} problem${problems.length === 1 ? '' : 's'}:\n${lines}`);
    this.name = 'ConfigurationError';
  }
}

/** What a deployment cannot do although it is well-formed; adds to `problems`. */
export type DeploymentCheck = (environment: Environment, problems: string[]) => void;

/** @throws ConfigurationError listing every problem of the environment and of the operator's file at once. */
export function readGatewayConfig(variables: NodeJS.ProcessEnv, check?: DeploymentCheck): GatewayConfig {
  const problems: string[] = [];
  const environment = readEnvironment(variables, problems);
  check?.(environment, problems);
  const file = readOvertureFile(environment.configPath, {
    required: environment.configRequired,
    environment: variables,
    problems,
  });
  const resolved = resolveConnections(file, { variables, problems });
  const groups = file.groups ?? {};
  checkGroups(resolved, groups, problems);
  checkBudgets(file, problems);
  checkLimits(file, problems);
  if (problems.length > 0) throw new ConfigurationError(problems);
  return {
    environment,
    resolved,
    groups,
    budgets: file.budgets ?? [],
    limits: file.limits ?? [],
    cache: file.cache ?? null,
    idempotencyKeptForMs: 1_000 * (file.idempotency?.ttlSeconds ?? DAY_S),
    policy: policyOf(file),
    unpricedModels: file.routing?.unpricedModels ?? 'allow',
  };
}

/** What an operator's command needs of it, which has no keys of providers. */
export type TenancyConfig = Pick<GatewayConfig, 'environment' | 'budgets'>;

/** @throws ConfigurationError as `readGatewayConfig`, for all but connections and what refers to them. */
export function readTenancyConfig(variables: NodeJS.ProcessEnv): TenancyConfig {
  const problems: string[] = [];
  const environment = readEnvironment(variables, problems);
  const file = readOvertureFile(environment.configPath, {
    required: environment.configRequired,
    environment: variables,
    problems,
    without: 'connections',
  });
  checkBudgets(file, problems);
  checkLimits(file, problems);
  if (problems.length > 0) throw new ConfigurationError(problems);
  return { environment, budgets: file.budgets ?? [] };
}

function checkGroups(
  { connections, simulated }: ResolvedConnections,
  groups: Readonly<Record<string, readonly string[]>>,
  problems: string[],
): void {
  const offered: OfferedConnection[] = connections.map(({ connection, models }) => ({
    slug: connection.slug,
    provider: connection.provider,
    models: models.map(({ name, upstream }) => ({ name, upstream: upstream ?? name })),
  }));
  if (simulated) offered.push(...simulatedOffers());
  for (const [group, members] of Object.entries(groups)) {
    try {
      buildModelIndex(offered, { [group]: members });
    } catch (error) {
      problems.push(`groups/${group}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

function checkBudgets({ budgets = [] }: OvertureFile, problems: string[]): void {
  const names = new Set<string>();
  for (const { name } of budgets) {
    if (names.has(name)) problems.push(`budgets/${name}: the name is used twice`);
    names.add(name);
  }
}

function checkLimits({ limits = [] }: OvertureFile, problems: string[]): void {
  const names = new Set<string>();
  for (const { name, requestsPerMinute, tokensPerMinute, concurrentRequests } of limits) {
    if (names.has(name)) problems.push(`limits/${name}: the name is used twice`);
    names.add(name);
    if ([requestsPerMinute, tokensPerMinute, concurrentRequests].every((limit) => limit === undefined)) {
      problems.push(`limits/${name}: limits nothing: set requestsPerMinute, tokensPerMinute or concurrentRequests`);
    }
  }
}

/** The default policy with the operator's changes; its version is a checksum of them, so that no two are confused. */
function policyOf({ routing }: OvertureFile): RoutingPolicy {
  if (routing === undefined) return DEFAULT_POLICY;
  const scale = routing.latencyScaleMs;
  return {
    ...DEFAULT_POLICY,
    id: 'operator',
    version: crc32(JSON.stringify(routing)),
    strategy: (routing.strategy as RoutingPolicy['strategy'] | undefined) ?? DEFAULT_POLICY.strategy,
    epsilon: routing.epsilon ?? DEFAULT_POLICY.epsilon,
    latencyScaleMs: scale === undefined ? DEFAULT_POLICY.latencyScaleMs : { stream: scale, whole: scale },
    costScaleNanoUsd:
      routing.costScaleUsd === undefined ? DEFAULT_POLICY.costScaleNanoUsd : nanoUsdOf(routing.costScaleUsd),
    candidateWeights: routing.weights ?? {},
    affinity: { ...DEFAULT_POLICY.affinity, enabled: routing.sessionAffinity ?? DEFAULT_POLICY.affinity.enabled },
  };
}
