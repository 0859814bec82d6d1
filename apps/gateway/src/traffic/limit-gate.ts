import type { Clock } from '#contracts';
import { limitHeaders, refusalOf, type LimitBook, type LimitDemand, type RateLimiter } from '#traffic';
import type { TrafficMetrics } from '../metrics/traffic-metrics.js';

/** The rules in force, replaced as a whole when they change. */
export interface LimitDirectory {
  readonly book: LimitBook;
}

/** Whose request wants to pass, and the most that it can take. */
export interface PassRequest {
  readonly requestId: string;
  readonly keyId: string;
  readonly tenantId: string;
  /** Model or group as it was resolved. */
  readonly model: string;
  /** Computed where a rule concerns the request only. */
  readonly tokensBound: () => number;
}

/** A request that is under its limits, for as long as it is open. */
export interface LimitPass {
  /** `x-ratelimit-*` of the answer. */
  readonly headers: Readonly<Record<string, string>>;
  /** It is over; null where nobody knows what it used: then what was taken stays taken. Only the first time counts. */
  end(tokensUsed: number | null): void;
}

/** Lets requests through that no rule of the operator stops. */
export class LimitGate {
  constructor(
    private readonly limiter: RateLimiter,
    private readonly directory: LimitDirectory,
    private readonly clock: Clock,
    private readonly metrics: TrafficMetrics,
  ) {}

  /** Null at once where no rule concerns the request; otherwise lets it in, or rejects with `rate_limit_exceeded`. */
  pass(request: PassRequest): Promise<LimitPass> | null {
    const accounts = this.directory.book.accountsOf(request);
    if (accounts.length === 0) return null;
    const { requestId, tokensBound } = request;
    return this.take({ requestId, accounts, tokens: tokensBound(), epochMs: this.clock.epochMs() });
  }

  private async take(demand: LimitDemand): Promise<LimitPass> {
    const verdict = await this.limiter.take(demand);
    const refusal = refusalOf(verdict, demand.epochMs);
    if (refusal !== null) {
      this.metrics.limited(verdict.refusal?.kind ?? 'requests');
      throw refusal;
    }
    let isOpen = true;
    return {
      headers: limitHeaders(verdict.readings, demand.epochMs),
      end: (tokensUsed) => {
        if (isOpen) this.limiter.settle(demand, tokensUsed);
        isOpen = false;
      },
    };
  }
}
