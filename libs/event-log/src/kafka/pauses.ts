import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '#contracts';
import { ClosedLogError } from '../event-log.errors.js';

/** How often a quiet topic is looked at: Kafka serves one request of a connection at a time, so none may wait there. */
const FIRST_MS = 5;
const MAX_MS = 40;

/** Asks again until there is something to see or the time is over; ends with the reader. */
export class Pauses {
  readonly #clock: Clock;
  readonly #ended = new AbortController();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @throws ClosedLogError */
  async until<Answer>(
    ask: () => Promise<Answer>,
    isEnough: (answer: Answer) => boolean,
    waitMs: number,
  ): Promise<Answer> {
    const endMs = this.#clock.monotonicMs() + waitMs;
    for (let pauseMs = FIRST_MS; ; pauseMs = Math.min(pauseMs * 2, MAX_MS)) {
      if (this.#ended.signal.aborted) throw new ClosedLogError();
      const answer = await ask();
      const leftMs = endMs - this.#clock.monotonicMs();
      if (leftMs <= 0 || isEnough(answer)) return answer;
      await sleep(Math.min(pauseMs, leftMs), undefined, { signal: this.#ended.signal }).catch(() => undefined);
    }
  }

  end(): void {
    this.#ended.abort();
  }
}
