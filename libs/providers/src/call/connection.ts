import type { Secret } from '#contracts';
import type { ProviderDialect } from '../dialects/dialect.port.js';

/** How long an attempt may take, phase by phase; each in milliseconds. */
export interface CallTimeouts {
  /** TCP and TLS. */
  readonly connectMs: number;
  /**
   * From sending until the response head of a stream. A whole answer has its head only when it is finished: see
   * `totalMs`.
   */
  readonly headersMs: number;
  /** From the response head of a stream until its first generated token. */
  readonly firstTokenMs: number;
  /** Silence between two pieces of a body. */
  readonly idleMs: number;
  /** All attempts of one request together. */
  readonly totalMs: number;
}

export const DEFAULT_TIMEOUTS: CallTimeouts = {
  connectMs: 5_000,
  headersMs: 60_000,
  firstTokenMs: 120_000,
  idleMs: 60_000,
  totalMs: 600_000,
};

/** An account at a provider, as requests are sent to it. */
export interface Connection {
  readonly slug: string;
  readonly provider: string;
  readonly providerName: string;
  readonly dialect: ProviderDialect;
  /** Without a trailing slash, e.g. `https://api.openai.com/v1`. */
  readonly baseUrl: string;
  /** Header that authenticates us, with the key in place; none for a provider that needs no key. */
  readonly authentication: { readonly header: string; readonly value: Secret } | null;
  /** Fixed headers, e.g. an API version. */
  readonly headers: Readonly<Record<string, string>>;
  readonly timeouts: CallTimeouts;
}

/** One place a request can go: a model at a connection. */
export interface CallTarget {
  /** `slug/model`. */
  readonly candidateId: string;
  readonly connection: Connection;
  /** Name that callers use. */
  readonly model: string;
  /** Name at the provider. */
  readonly upstreamModel: string;
}
