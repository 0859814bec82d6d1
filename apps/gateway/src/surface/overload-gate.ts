import { GatewayError } from '#contracts';
import type { DurableLog } from '../answer-request/durable-log.js';

/** How often the event loop's delay is sampled. */
const SAMPLE_EVERY_MS = 20;
/** Delay of the event loop from which new requests are turned away: they would wait in the queue, not be worked on. */
const LOOP_DELAY_MAX_MS = 150;
/** With fewer requests in flight a late loop is the machine's doing, at a start say: refusing would relieve nobody. */
const QUEUE_LEAST = 32;

/** Sheds new requests while the process cannot keep up, so that those it has taken are answered in time. */
export class OverloadGate {
  private inFlight = 0;
  private loopDelayMs = 0;
  private expectedAtMs = performance.now() + SAMPLE_EVERY_MS;
  private stopping = false;
  private draining = false;
  private whenEmpty: (() => void) | null = null;
  private readonly sampler = setInterval(() => this.sample(), SAMPLE_EVERY_MS).unref();

  constructor(
    private readonly inFlightMax: number,
    private readonly journal: Pick<DurableLog, 'isFull' | 'isFailing' | 'whenFull'>,
  ) {}

  get requestsInFlight(): number {
    return this.inFlight;
  }

  /** Callers should go elsewhere, whether or not they are still answered here. */
  get isStopping(): boolean {
    return this.stopping;
  }

  /**
   * @throws GatewayError 503 `overloaded`, `journal_full`, `journal_unavailable`, or `shutting_down` once the drain has
   * begun.
   */
  check(): void {
    if (this.draining) {
      throw new GatewayError('shutting_down', 'This gateway is shutting down: retry, another one will answer.', {
        retryAfterMs: 1000,
      });
    }
    if (this.journal.isFull()) {
      throw new GatewayError('journal_full', this.journal.whenFull, { retryAfterMs: 30_000 });
    }
    if (this.journal.isFailing()) {
      const message = 'Nothing can be recorded at the moment, so no new request is taken: retry shortly.';
      throw new GatewayError('journal_unavailable', message, { retryAfterMs: 2000 });
    }
    const lateMs = Math.max(this.loopDelayMs, performance.now() - this.expectedAtMs);
    const isLate = this.inFlight >= QUEUE_LEAST && lateMs > LOOP_DELAY_MAX_MS;
    if (this.inFlight >= this.inFlightMax || isLate) {
      throw new GatewayError(
        'overloaded',
        'The gateway has more requests than it can work on: retry after the time given.',
        {
          retryAfterMs: 1000,
        },
      );
    }
  }

  enter(): void {
    this.inFlight += 1;
  }

  leave(): void {
    this.inFlight -= 1;
    if (this.inFlight === 0) this.whenEmpty?.();
  }

  /** Requests are answered as before, so that whoever spreads them has time to notice. */
  announceStop(): void {
    this.stopping = true;
  }

  /** From now on every new request is refused. */
  startDraining(): void {
    this.stopping = true;
    this.draining = true;
  }

  /** Resolves when nothing is in flight any more, or after this long. */
  drained(withinMs: number): Promise<void> {
    if (this.inFlight === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      this.whenEmpty = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  close(): void {
    clearInterval(this.sampler);
  }

  private sample(): void {
    const nowMs = performance.now();
    this.loopDelayMs = Math.max(0, nowMs - this.expectedAtMs);
    this.expectedAtMs = nowMs + SAMPLE_EVERY_MS;
  }
}
