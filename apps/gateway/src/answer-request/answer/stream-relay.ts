import type { Clock } from '#contracts';
import { encodeSseComment, encodeSseData, spliceSseData, type FrameSink, type StreamFrame } from '#providers';
import type { HttpReply } from '../../surface/http-reply.js';

/** Silence after which a comment keeps load balancers from closing the stream. */
const KEEP_ALIVE_AFTER_MS = 10_000;

const KEEP_ALIVE = encodeSseComment('keep-alive');
const DONE = encodeSseData('[DONE]');

export interface StreamRelayOptions {
  readonly clock: Clock;
  /** The caller asked for the usage chunk itself. */
  readonly includeUsage: boolean;
  /** Headers of the reply, read when its head goes out. */
  readonly headers: () => Record<string, string>;
}

/**
 * Passes the frames of a stream to the caller: nothing before RequestRouted is durable, the preamble only together with
 * the first content (until then another provider may take over), the finish chunk only when the charge is durable.
 */
export class StreamRelay implements FrameSink {
  /** Content has been taken for the caller: no other provider can take over. */
  committed = false;
  /** Time between the begin of the last attempt and its first content: the provider's share of the wait. */
  waitedMs = 0;
  private begunMs = 0;
  private durable = false;
  private waiting: Buffer[] = [];
  private heldFinish: Buffer | null = null;
  private heldUsage: Buffer | null = null;
  private resumeReading: (() => void) | null = null;
  private readonly silence: NodeJS.Timeout;

  constructor(
    private readonly reply: HttpReply,
    private readonly options: StreamRelayOptions,
  ) {
    this.silence = setTimeout(() => this.breakSilence(), KEEP_ALIVE_AFTER_MS);
    reply.onDrain(() => this.resumeReading?.());
  }

  /** RequestRouted is on disk: bytes may leave. */
  release(): void {
    this.durable = true;
    if (this.committed) this.flush();
  }

  /** A new attempt begins: what came of the last one is forgotten. */
  begin(resume: () => void): void {
    this.begunMs = this.options.clock.monotonicMs();
    this.resumeReading = resume;
    this.waiting = [];
    this.heldFinish = null;
    this.heldUsage = null;
  }

  accept(frames: readonly StreamFrame[]): boolean {
    for (const frame of frames) this.take(frame);
    return this.committed && this.durable ? this.flush() : true;
  }

  /** Ends a finished stream: the finish chunk with its metadata, the usage if the caller asked for it, `[DONE]`. */
  finish(metadata: string): void {
    this.committed = true;
    if (this.heldFinish !== null) this.waiting.push(spliceSseData(this.heldFinish, 'metadata', metadata));
    if (this.heldUsage !== null && this.options.includeUsage) this.waiting.push(this.heldUsage);
    this.close(DONE);
  }

  /** Ends a broken stream: an in-band error and no `[DONE]`, so that no client takes it for whole. */
  fail(errorBody: string): void {
    this.close(encodeSseData(errorBody));
  }

  stop(): void {
    clearTimeout(this.silence);
  }

  private take({ kind, bytes }: StreamFrame): void {
    if (kind === 'done' || kind === 'error') return;
    if (kind === 'usage') {
      this.heldUsage = bytes;
      return;
    }
    if (kind === 'content' && !this.committed) {
      this.committed = true;
      this.waitedMs = this.options.clock.monotonicMs() - this.begunMs;
    }
    // Another choice goes on: the finish held was not the last.
    if (kind !== 'preamble' && this.heldFinish !== null) {
      this.waiting.push(this.heldFinish);
      this.heldFinish = null;
    }
    if (kind === 'finish') this.heldFinish = bytes;
    else this.waiting.push(bytes);
  }

  private flush(): boolean {
    if (this.waiting.length === 0) return true;
    const bytes = this.waiting.length === 1 ? this.waiting[0] : Buffer.concat(this.waiting);
    this.waiting = [];
    if (bytes === undefined || this.reply.gone) return true;
    this.open();
    this.silence.refresh();
    return this.reply.write(bytes);
  }

  private close(last: Buffer): void {
    this.stop();
    if (this.reply.gone) return;
    this.open();
    this.reply.end(Buffer.concat([...this.waiting, last]));
    this.waiting = [];
  }

  private open(): void {
    if (!this.reply.opened) this.reply.openStream(this.options.headers());
  }

  private breakSilence(): void {
    if (this.reply.gone) return;
    if (this.durable) {
      this.open();
      this.reply.write(KEEP_ALIVE);
    }
    this.silence.refresh();
  }
}
