import { randomFillSync } from 'node:crypto';
import type { Clock } from '#contracts';
import { formatUuid } from './format-uuid.js';

const RANDOM_BYTES = 10;
const POOL_IDS = 512;
/** The id at work: one for all calls. */
const bytes = new Uint8Array(16);

/**
 * A UUIDv7 (RFC 9562 §5.7) of a Unix time in milliseconds and 10 random bytes. Ids of one millisecond have no order
 * among themselves: nothing here relies on one.
 */
export function uuidv7(timeMs: number, randomBytes: Uint8Array): string {
  return format(timeMs, randomBytes, 0);
}

/**
 * Makes UUIDv7s from the clock. Randomness is drawn for many ids at once: a call per id would cost more than the id.
 */
export class UuidV7Source {
  readonly #clock: Clock;
  readonly #pool = new Uint8Array(POOL_IDS * RANDOM_BYTES);
  #used = this.#pool.length;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  next(): string {
    if (this.#used === this.#pool.length) {
      randomFillSync(this.#pool);
      this.#used = 0;
    }
    const from = this.#used;
    this.#used += RANDOM_BYTES;
    return format(this.#clock.epochMs(), this.#pool, from);
  }
}

/** Takes ten random bytes from `from` on; upper bits of the first and the third give way to version and variant. */
function format(timeMs: number, random: Uint8Array, from: number): string {
  const high = Math.floor(timeMs / 0x1_0000);
  const low = timeMs % 0x1_0000;
  for (let at = 0; at < 4; at += 1) bytes[at] = high >>> (24 - 8 * at);
  bytes[4] = low >>> 8;
  bytes[5] = low;
  for (let at = 0; at < RANDOM_BYTES; at += 1) bytes[6 + at] = random[from + at]!;
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return formatUuid(bytes);
}
