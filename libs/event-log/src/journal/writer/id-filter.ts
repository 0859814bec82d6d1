/** 4 MiB: at the million events of a full segment, one new id in some thousands is taken for a known one. */
const WORDS = 1 << 20;
const BIT_MASK = WORDS * 32 - 1;
const PROBES = 4;

/**
 * A Bloom filter over the event ids of a segment. It knows at the cost of a hash that an id is new, which nearly every
 * id is; only what may have been seen has to be looked up. It never forgets, so it never takes a known id for a new
 * one.
 */
export class IdFilter {
  readonly #words = new Int32Array(WORDS);

  /** Notes the id. False when it was certainly never added before. */
  add(id: string): boolean {
    const hash = hashOf(id);
    const step = mix(hash) | 1;
    let mayHold = true;
    for (let probe = 0; probe < PROBES; probe += 1) {
      const bit = (hash + probe * step) & BIT_MASK;
      const word = this.#words[bit >>> 5]!;
      if ((word >>> (bit & 31)) & 1) continue;
      mayHold = false;
      this.#words[bit >>> 5] = word | (1 << (bit & 31));
    }
    return mayHold;
  }

  /** False when the id was certainly never added. */
  mayHold(id: string): boolean {
    const hash = hashOf(id);
    const step = mix(hash) | 1;
    for (let probe = 0; probe < PROBES; probe += 1) {
      const bit = (hash + probe * step) & BIT_MASK;
      if (((this.#words[bit >>> 5]! >>> (bit & 31)) & 1) === 0) return false;
    }
    return true;
  }
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return mix(hash);
}

/** MurmurHash3's last step: FNV leaves its low bits, which choose the bit here, poorly mixed. */
function mix(hash: number): number {
  const half = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  const mixed = Math.imul(half ^ (half >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
