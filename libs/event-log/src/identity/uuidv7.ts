import { randomFillSync } from 'node:crypto';
import type { Clock } from '#contracts';
import { formatUuid } from './format-uuid.js';

const RANDOM_BYTES = 10;
const POOL_IDS = 512;

/**
 * A UUIDv7 (RFC 9562 §5.7) of a Unix time in milliseconds and 10 random bytes. Ids of one millisecond have no order
 * among themselves: nothing here relies on one.
 */
export function uuidv7(timeMs: number, randomBytes: Uint8Array): string {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, Math.floor(timeMs / 0x1_0000));
  view.setUint16(4, timeMs % 0x1_0000);
  bytes.set(randomBytes.subarray(0, RANDOM_BYTES), 6);
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return formatUuid(bytes);
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
    const random = this.#pool.subarray(this.#used, (this.#used += RANDOM_BYTES));
    return uuidv7(this.#clock.epochMs(), random);
  }
}
