import type { GatewayError } from '#contracts';
import { HttpReply } from '../surface/http-reply.js';

/** A whole answer as it was written, or would have been to a caller who has gone. */
export interface RecordedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** What went wrong; null for an answer. */
  readonly error: GatewayError | null;
}

/** A reply that remembers what it said. */
export class RecordingReply extends HttpReply {
  recorded: RecordedAnswer | null = null;
  private error: GatewayError | null = null;

  override whole(status: number, headers: Record<string, string>, body: Buffer | string): void {
    this.recorded = { status, headers, body: Buffer.from(body), error: this.error };
    super.whole(status, headers, body);
  }

  override fail(error: GatewayError, headers: Record<string, string>): void {
    this.error = error;
    super.fail(error, headers);
  }
}
