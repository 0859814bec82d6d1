import type { ServerResponse } from 'node:http';
import { GatewayError } from '#contracts';

/** Up to this size Node writes a text from the stack (`StreamBase::WriteString`), head and body in one piece. */
const TEXT_BYTES_MAX = 12 * 1024;

/** Slowest reader that is waited for before a stream is given up. */
const WRITE_STALL_MAX_MS = 30_000;

const SSE_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
};

/** The caller's side of one request: one head, then one body, and word when the caller has gone. */
export class HttpReply {
  private goneListener: (() => void) | null = null;
  private drainListener: (() => void) | null = null;
  private outListener: (() => void) | null = null;
  private closed = false;
  private stallTimer: NodeJS.Timeout | undefined;

  constructor(private readonly response: ServerResponse) {
    response.on('close', () => {
      clearTimeout(this.stallTimer);
      this.closed = true;
      if (!response.writableFinished) this.goneListener?.();
      this.outListener?.();
    });
  }

  /** The caller hung up before the answer was out. */
  get gone(): boolean {
    return this.response.destroyed && !this.response.writableFinished;
  }

  /** A head is out: later failures can only be told in the body. */
  get opened(): boolean {
    return this.response.headersSent;
  }

  onGone(listener: () => void): void {
    this.goneListener = listener;
    if (this.gone) listener();
  }

  /** Hears when the last byte has left this process, or when none will any more. */
  onOut(listener: () => void): void {
    if (this.closed) listener();
    else this.outListener = listener;
  }

  onDrain(listener: () => void): void {
    this.drainListener = listener;
  }

  /** Sends a whole body; head and body leave in one write. */
  whole(status: number, headers: Record<string, string>, body: Buffer | string): void {
    if (this.gone) return;
    // Node takes names and values side by side as they are; an object it would look through again.
    const head = ['content-type', 'application/json', 'content-length', String(Buffer.byteLength(body))];
    for (const name in headers) head.push(name, headers[name]!);
    this.response.writeHead(status, head);
    if (typeof body === 'string' || body.length > TEXT_BYTES_MAX) this.response.end(body);
    // Latin-1 has a character for each byte, so that these are the same bytes.
    else this.response.end(body.toString('latin1'), 'latin1');
  }

  /** Sends an error in OpenAI's shape. */
  fail(error: GatewayError, headers: Record<string, string>): void {
    const told = { ...headers, ...error.headers };
    if (error.retryAfterMs !== undefined) told['retry-after'] = String(Math.ceil(error.retryAfterMs / 1000));
    this.whole(error.status, told, JSON.stringify(error.toBody()));
  }

  /** Begins an event stream; the head leaves together with the first write. */
  openStream(headers: Record<string, string>): void {
    this.response.writeHead(200, { ...SSE_HEADERS, ...headers });
  }

  /** False when the caller reads slower than this: wait for `onDrain`. */
  write(bytes: Buffer | string): boolean {
    const flowing = this.response.write(bytes);
    if (!flowing) this.awaitDrain();
    return flowing;
  }

  /** Most replies never get here. */
  private awaitDrain(): void {
    if (this.stallTimer !== undefined) return;
    this.stallTimer = setTimeout(() => this.response.destroy(), WRITE_STALL_MAX_MS);
    this.response.once('drain', () => {
      clearTimeout(this.stallTimer);
      this.stallTimer = undefined;
      this.drainListener?.();
    });
  }

  end(bytes: Buffer | string): void {
    this.response.end(bytes);
  }
}
