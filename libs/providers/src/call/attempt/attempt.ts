import type { IncomingHttpHeaders } from 'node:http';
import type { KeyedDigest, RunningDigest } from '#event-log';
import type { Clock, FinishReason, Outcome, Usage } from '#contracts';
import type { DialectAnswer, ProviderFailure, UpstreamRequest } from '../../dialects/dialect.port.js';
import type { Cancellation } from '../cancellation.js';
import type { CallTarget, Connection } from '../connection.js';
import { Exchange, type ExchangeListener } from '../exchange.js';
import { hideKey } from './hide-key.js';
import { readRetryAfterMs } from './retry-after.js';
import type { UpstreamPools } from '../upstream-pools.js';

/** Largest body that is read of a whole answer or an error. */
export const BODY_BYTES_MAX = 64 * 1024 * 1024;

/** What one attempt came to. */
export interface Attempt {
  readonly target: CallTarget;
  readonly startedEpochMs: number;
  readonly outcome: Outcome;
  readonly status: number | null;
  /** The provider's own code and words for a failure. */
  readonly failure: ProviderFailure | null;
  readonly retryAfterMs: number | null;
  readonly ttftMs: number | null;
  readonly latencyMs: number;
  readonly usage: Usage | null;
  readonly finishReason: FinishReason | null;
  readonly modelServed: string | null;
  readonly providerRequestId: string | null;
  /** UTF-8 bytes of generated text so far. */
  readonly generatedBytes: number;
  /** HMAC-SHA-256 of the body as received, and its length. */
  readonly digest: string | null;
  readonly bodyBytes: number;
  /** The whole answer; null for streams and failures. */
  readonly answer: DialectAnswer | null;
}

/** What was read of an attempt's body, or why there was nothing to read. */
export type Found = Partial<
  Pick<
    Attempt,
    'answer' | 'failure' | 'usage' | 'finishReason' | 'modelServed' | 'providerRequestId' | 'generatedBytes'
  >
>;

/** What every attempt of one call shares. */
export interface AttemptContext {
  readonly pools: UpstreamPools;
  readonly clock: Clock;
  readonly cancellation: Cancellation;
  /** When the whole call began, on the monotonic clock: `totalMs` bounds all of its attempts together. */
  readonly begunMs: number;
  /** Digests bodies under the tenant's key. */
  readonly digest: KeyedDigest;
}

/** Headers of requests to a connection as pairs, by those that its dialect adds: the same few objects each time. */
const headersOf = new WeakMap<Connection, WeakMap<UpstreamRequest['headers'], string[]>>();

/** Sends one request and keeps the books of the attempt: time, bytes, digest, status. */
export class AttemptRecorder {
  readonly startedEpochMs: number;
  private readonly startedMs: number;
  /** The body while it is one piece; most whole answers are. */
  private firstPiece: Buffer | null = null;
  private running: RunningDigest | null = null;
  private firstTokenMs: number | null = null;
  status: number | null = null;
  headers: IncomingHttpHeaders = {};
  bodyBytes = 0;

  constructor(
    private readonly target: CallTarget,
    private readonly context: AttemptContext,
  ) {
    this.startedEpochMs = context.clock.epochMs();
    this.startedMs = context.clock.monotonicMs();
  }

  start(upstream: UpstreamRequest, stream: boolean, listener: ExchangeListener): Exchange {
    const { connection } = this.target;
    const { pool, basePath } = this.context.pools.routeTo(connection);
    const exchange = Exchange.start(
      pool,
      {
        path: basePath + upstream.path,
        headers: outgoingHeaders(connection, upstream),
        body: upstream.body,
        stream,
        timeouts: connection.timeouts,
        totalMs: Math.max(1, connection.timeouts.totalMs - (this.startedMs - this.context.begunMs)),
      },
      listener,
    );
    this.context.cancellation.attach((reason) => exchange.abort(reason, `the call was stopped (${reason})`));
    return exchange;
  }

  head(status: number, headers: IncomingHttpHeaders): void {
    this.status = status;
    this.headers = headers;
  }

  body(chunk: Buffer): void {
    this.bodyBytes += chunk.length;
    if (this.firstPiece === null) {
      this.firstPiece = chunk;
      return;
    }
    if (this.running === null) {
      this.running = this.context.digest.begin();
      this.running.update(this.firstPiece);
    }
    this.running.update(chunk);
  }

  markFirstToken(): void {
    this.firstTokenMs ??= this.context.clock.monotonicMs() - this.startedMs;
  }

  /** Closes the books. */
  close(outcome: Outcome, found: Found): Attempt {
    this.context.cancellation.attach(null);
    return {
      target: this.target,
      startedEpochMs: this.startedEpochMs,
      outcome,
      status: this.status,
      retryAfterMs: readRetryAfterMs(this.headers, this.context.clock.epochMs()) ?? found.failure?.retryAfterMs ?? null,
      ttftMs: this.firstTokenMs,
      latencyMs: this.context.clock.monotonicMs() - this.startedMs,
      usage: found.usage ?? null,
      finishReason: found.finishReason ?? null,
      modelServed: found.modelServed ?? null,
      providerRequestId: found.providerRequestId ?? null,
      generatedBytes: found.generatedBytes ?? 0,
      digest: this.running?.hex() ?? (this.firstPiece === null ? null : this.context.digest.of(this.firstPiece)),
      bodyBytes: this.bodyBytes,
      answer: found.answer ?? null,
      failure: found.failure ? this.withoutKey(found.failure) : null,
    };
  }

  private withoutKey(failure: ProviderFailure): ProviderFailure {
    const { authentication } = this.target.connection;
    const code = failure.code === null ? null : hideKey(failure.code, authentication);
    return { ...failure, code, message: hideKey(failure.message, authentication) };
  }
}

function outgoingHeaders(connection: Connection, upstream: UpstreamRequest): string[] {
  let known = headersOf.get(connection);
  if (known === undefined) {
    known = new WeakMap();
    headersOf.set(connection, known);
  }
  let headers = known.get(upstream.headers);
  if (headers === undefined) {
    headers = writeHeaders(connection, upstream);
    known.set(upstream.headers, headers);
  }
  return headers;
}

function writeHeaders({ authentication, headers }: Connection, upstream: UpstreamRequest): string[] {
  const key = authentication === null ? [] : [authentication.header, authentication.value.reveal()];
  const fixed = [...Object.entries(headers).flat(), ...key];
  return ['user-agent', 'igris-overture', ...fixed, ...Object.entries(upstream.headers).flat()];
}
