import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { Outcome } from '#contracts';
import type { CallTimeouts } from './connection.js';

/** Why an exchange ended before its body did. */
export interface ExchangeFailure {
  readonly outcome: Outcome;
  /** Safe to show: names the phase or the socket error, never content. */
  readonly message: string;
}

/** What an exchange tells as it goes on; exactly one of `end` and `failure` is called, once, last. */
export interface ExchangeListener {
  head(status: number, headers: IncomingHttpHeaders): void;
  data(chunk: Buffer): void;
  end(): void;
  failure(failure: ExchangeFailure): void;
}

export interface ExchangeRequest {
  readonly path: string;
  readonly headers: string[];
  readonly body: Buffer | string;
  readonly stream: boolean;
  readonly timeouts: CallTimeouts;
  /** What is left of `timeouts.totalMs` for this attempt. */
  readonly totalMs: number;
}

/** So long a body may go on behind the end that it has told. */
const LINGER_MS = 1_000;

const SOCKET_OUTCOMES: Readonly<Record<string, Outcome>> = {
  UND_ERR_CONNECT_TIMEOUT: 'timeout_connect',
  UND_ERR_HEADERS_TIMEOUT: 'timeout_headers',
  UND_ERR_BODY_TIMEOUT: 'timeout_idle',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'bad_response',
  UND_ERR_HEADERS_OVERFLOW: 'bad_response',
};

/** One HTTP exchange with a provider under five timeouts (connect is the pool's). */
export class Exchange implements Dispatcher.DispatchHandler {
  private controller: Dispatcher.DispatchController | undefined;
  /**
   * The only timer: it never sleeps longer than the shortest phase, so that no phase has to set one of its own. Most
   * end before it goes off, and pieces of a body only move a number.
   */
  private timer: NodeJS.Timeout;
  private readonly sleepMs: number;
  private readonly totalDueMs: number;
  private phase: 'timeout_headers' | 'timeout_first_token' | 'timeout_idle' = 'timeout_headers';
  private phaseMs = 0;
  /** When the phase has run out; infinite while it is not timed. */
  private phaseDueMs = Number.POSITIVE_INFINITY;
  private over = false;
  private paused = false;

  private constructor(
    private readonly request: ExchangeRequest,
    private readonly listener: ExchangeListener,
  ) {
    const { timeouts, stream, totalMs } = request;
    const { headersMs, firstTokenMs, idleMs } = timeouts;
    this.sleepMs = stream ? Math.min(headersMs, firstTokenMs, idleMs) : idleMs;
    this.totalDueMs = performance.now() + totalMs;
    if (stream) this.enter('timeout_headers', headersMs);
    this.timer = setTimeout(wake, Math.min(totalMs, this.sleepMs), this);
  }

  static start(pool: Dispatcher, request: ExchangeRequest, listener: ExchangeListener): Exchange {
    const exchange = new Exchange(request, listener);
    try {
      pool.dispatch({ path: request.path, method: 'POST', headers: request.headers, body: request.body }, exchange);
    } catch (error) {
      exchange.onResponseError(undefined, error);
    }
    return exchange;
  }

  /** The first generated token has come: from now on only silence is timed. */
  markFirstToken(): void {
    if (this.phase !== 'timeout_idle' && !this.over) this.enter('timeout_idle', this.request.timeouts.idleMs);
  }

  /** Ends the exchange now; the listener hears `failure` with this outcome. */
  abort(outcome: Outcome, message: string): void {
    this.fail({ outcome, message });
  }

  /** Nothing that may still come counts: the connection is kept for the next request if the body ends soon. */
  letGo(): void {
    if (this.over) return;
    this.enter('timeout_idle', LINGER_MS);
    clearTimeout(this.timer);
    this.timer = setTimeout(wake, LINGER_MS, this);
  }

  /** Stops reading: the client is slower than the provider. Silence is not timed meanwhile. */
  pause(): void {
    if (this.over || this.paused) return;
    this.paused = true;
    this.phaseDueMs = Number.POSITIVE_INFINITY;
    this.controller?.pause();
  }

  resume(): void {
    if (this.over || !this.paused) return;
    this.paused = false;
    this.enter(this.phase, this.request.timeouts.idleMs);
    this.controller?.resume();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.over) controller.abort(new Error('aborted'));
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (this.over || status < 200) return;
    if (this.request.stream && status < 300) this.enter('timeout_first_token', this.request.timeouts.firstTokenMs);
    else this.enter('timeout_idle', this.request.timeouts.idleMs);
    this.listener.head(status, headers);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.over) return;
    if (this.phase === 'timeout_idle' && !this.paused) this.phaseDueMs = performance.now() + this.phaseMs;
    this.listener.data(chunk);
  }

  onResponseEnd(): void {
    if (this.over) return;
    this.finish();
    this.listener.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: unknown): void {
    const code = (error as { code?: unknown }).code;
    const name = typeof code === 'string' ? code : 'unknown error';
    this.fail({
      outcome: SOCKET_OUTCOMES[name] ?? 'connection_failed',
      message: `connection to the provider failed (${name})`,
    });
  }

  /** Looks whether a time has run out; sleeps until the next one could. */
  wake(): void {
    const nowMs = performance.now();
    if (this.phaseDueMs <= Math.min(nowMs, this.totalDueMs)) return this.expire(this.phase, this.phaseMs);
    if (this.totalDueMs <= nowMs) return this.expire('timeout_total', this.request.timeouts.totalMs);
    const nextMs = Math.min(this.phaseDueMs, this.totalDueMs) - nowMs;
    this.timer = setTimeout(wake, Math.min(nextMs, this.sleepMs), this);
  }

  private enter(phase: Exchange['phase'], afterMs: number): void {
    this.phase = phase;
    this.phaseMs = afterMs;
    this.phaseDueMs = performance.now() + afterMs;
  }

  private expire(outcome: Outcome, afterMs: number): void {
    this.fail({ outcome, message: `the provider ran into ${outcome} after ${afterMs} ms` });
  }

  private fail(failure: ExchangeFailure): void {
    if (this.over) return;
    this.finish();
    this.controller?.abort(new Error(failure.outcome));
    this.listener.failure(failure);
  }

  private finish(): void {
    this.over = true;
    clearTimeout(this.timer);
  }
}

const wake = (exchange: Exchange): void => exchange.wake();
