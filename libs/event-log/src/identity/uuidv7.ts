import { randomFillSync } from 'node:crypto';
import type { Clock } from '#contracts';

const RANDOM_BYTES = 10;
const RANDOM_DIGITS = RANDOM_BYTES * 2;
const POOL_IDS = 512;
/** First digit of the fourth group with the variant's bits (10xx) in place, by the digit before. */
const VARIANT = '89ab89ab89ab89ab';

/**
 * A UUIDv7 (RFC 9562 §5.7) of a Unix time in milliseconds and 10 random bytes. Ids of one millisecond have no order
 * among themselves: nothing here relies on one.
 */
export function uuidv7(timeMs: number, randomBytes: Uint8Array): string {
  const random = Buffer.from(randomBytes.buffer, randomBytes.byteOffset, RANDOM_BYTES);
  return timeDigits(timeMs) + randomDigits(random.toString('hex'), 0);
}

/**
 * Makes UUIDv7s from the clock. Randomness is drawn, and put into digits, for many ids at once: a call per id would cost
 * more than the id. So does the time, once per millisecond.
 */
export class UuidV7Source {
  readonly #clock: Clock;
  readonly #pool = Buffer.alloc(POOL_IDS * RANDOM_BYTES);
  #digits = '';
  #used = 0;
  #timeMs = -1;
  #timeDigits = '';

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  next(): string {
    if (this.#used === this.#digits.length) {
      this.#digits = randomFillSync(this.#pool).toString('hex');
      this.#used = 0;
    }
    const timeMs = this.#clock.epochMs();
    if (timeMs !== this.#timeMs) {
      this.#timeMs = timeMs;
      this.#timeDigits = timeDigits(timeMs);
    }
    const from = this.#used;
    this.#used += RANDOM_DIGITS;
    return this.#timeDigits + randomDigits(this.#digits, from);
  }
}

/** The first two groups and the version. */
function timeDigits(timeMs: number): string {
  const digits = Math.floor(timeMs).toString(16).padStart(12, '0');
  return `${digits.slice(0, 8)}-${digits.slice(8)}-7`;
}

/** The rest of the third group and the last two, from 20 digits of which the version's and the variant's bits go. */
function randomDigits(digits: string, from: number): string {
  const variant = VARIANT[Number.parseInt(digits[from + 4]!, 16)];
  const third = digits.slice(from + 1, from + 4);
  const fourth = digits.slice(from + 5, from + 8);
  return `${third}-${variant}${fourth}-${digits.slice(from + 8, from + RANDOM_DIGITS)}`;
}
