import { Secret } from '#contracts';
import { DEFAULT_TIMEOUTS, DIALECTS, PROVIDERS, type CallTimeouts, type Connection, type ProviderId } from '#providers';
import type { ConnectionEntry, ModelEntry, OvertureFile } from './overture-file.schema.js';

/** A connection with what it serves. */
export interface ConfiguredConnection {
  readonly connection: Connection;
  readonly models: readonly ModelEntry[];
}

/** Where the connections of this start came from, for the banner. */
export interface ResolvedConnections {
  readonly connections: readonly ConfiguredConnection[];
  /** Environment variables whose keys are used. */
  readonly keysFound: readonly string[];
  /** True when nothing is configured, or the file asks for them: the simulated providers are started. */
  readonly simulated: boolean;
}

interface Reading {
  readonly variables: NodeJS.ProcessEnv;
  readonly problems: string[];
}

/** An entry `provider: simulated` without a base URL brings all simulated profiles. */
const SIMULATED = 'simulated';

const isProvider = (name: string): name is ProviderId => Object.hasOwn(PROVIDERS, name);
const PROVIDER_IDS = Object.keys(PROVIDERS).join(' ');

/**
 * Connections of the operator's file; without any, one per provider key in the environment; without those, none, and
 * `simulated` is set. Every problem is added to `problems`.
 */
export function resolveConnections(file: OvertureFile, reading: Reading): ResolvedConnections {
  const entries = file.connections ?? [];
  if (entries.length > 0) {
    reportDuplicates(entries, reading.problems);
    const real = entries.filter(({ provider, baseUrl }) => provider !== SIMULATED || baseUrl !== undefined);
    const connections = real.map((entry) => readConnection(entry, reading)).filter((connection) => connection !== null);
    return { connections, keysFound: [], simulated: real.length < entries.length };
  }
  const found = providersWithKeys(reading.variables);
  const connections = found
    .map(({ id }) => readConnection({ slug: id, provider: id }, reading))
    .filter((connection) => connection !== null);
  return { connections, keysFound: found.map(({ variable }) => variable), simulated: connections.length === 0 };
}

function providersWithKeys(variables: NodeJS.ProcessEnv): { id: ProviderId; variable: string }[] {
  return Object.entries(PROVIDERS).flatMap(([id, { keyVariable }]) =>
    keyVariable !== null && (variables[keyVariable] ?? '') !== '' && isProvider(id)
      ? [{ id, variable: keyVariable }]
      : [],
  );
}

function readConnection(entry: ConnectionEntry, reading: Reading): ConfiguredConnection | null {
  const { slug, provider } = entry;
  const at = `connections/${slug}`;
  if (!isProvider(provider)) {
    reading.problems.push(`${at}: unknown provider "${provider}"; it is one of ${PROVIDER_IDS}`);
    return null;
  }
  const definition = PROVIDERS[provider];
  const baseUrl = entry.baseUrl ?? definition.baseUrl;
  const models = (entry.models ?? [...definition.models]).map(modelEntry);
  if (baseUrl === null) reading.problems.push(`${at}: provider "${provider}" needs a baseUrl`);
  if (models.length === 0) reading.problems.push(`${at}: provider "${provider}" needs a list of models`);
  const key = entry.apiKey ?? (definition.keyVariable === null ? undefined : reading.variables[definition.keyVariable]);
  if (key === undefined && definition.keyVariable !== null) {
    reading.problems.push(`${at}: no apiKey, and ${definition.keyVariable} is not set`);
  }
  if (baseUrl === null || !URL.canParse(baseUrl)) {
    if (baseUrl !== null) reading.problems.push(`${at}: baseUrl "${baseUrl}" is not a URL`);
    return null;
  }
  const { header, prefix } = definition.authentication;
  return {
    models,
    connection: {
      slug,
      provider,
      providerName: definition.displayName,
      dialect: DIALECTS[provider],
      baseUrl: baseUrl.replace(/\/+$/, ''),
      authentication: key === undefined ? null : { header, value: new Secret(prefix + key) },
      headers: definition.headers,
      timeouts: timeoutsOf(entry),
    },
  };
}

const modelEntry = (model: string | ModelEntry): ModelEntry => (typeof model === 'string' ? { name: model } : model);

function timeoutsOf({ timeouts = {} }: ConnectionEntry): CallTimeouts {
  return {
    connectMs: timeouts.connectMs ?? DEFAULT_TIMEOUTS.connectMs,
    headersMs: timeouts.headersMs ?? DEFAULT_TIMEOUTS.headersMs,
    firstTokenMs: timeouts.firstTokenMs ?? DEFAULT_TIMEOUTS.firstTokenMs,
    idleMs: timeouts.idleMs ?? DEFAULT_TIMEOUTS.idleMs,
    totalMs: timeouts.totalMs ?? DEFAULT_TIMEOUTS.totalMs,
  };
}

function reportDuplicates(entries: readonly ConnectionEntry[], problems: string[]): void {
  const seen = new Set<string>();
  for (const { slug } of entries) {
    if (seen.has(slug)) problems.push(`connections/${slug}: the slug is used twice`);
    seen.add(slug);
  }
}
