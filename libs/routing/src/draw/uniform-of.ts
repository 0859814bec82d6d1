const { imul } = Math;

/**
 * The one uniform of a decision in [0, 1), 53 bits, from (seed, request, attempt) alone: no generator has a state, so
 * the order of concurrent requests cannot change a draw. Absorbed and mixed with the rounds of MurmurHash3 (A. Appleby,
 * public domain) in two lanes that depend on each other.
 */
export function uniformOf(seed: number, requestId: string, attempt: number): number {
  let high = seed ^ 0x9e3779b9;
  let low = seed ^ 0x85ebca6b;
  for (let at = 0; at < requestId.length; at += 2) {
    // Past the end charCodeAt is NaN, which counts as 0 here.
    const word = requestId.charCodeAt(at) | (requestId.charCodeAt(at + 1) << 16);
    high = absorb(high, word ^ low);
    low = absorb(low, word ^ high);
  }
  high = finalise(absorb(high, attempt) ^ low);
  low = finalise(absorb(low, attempt) ^ high);
  return ((high >>> 5) * 67_108_864 + (low >>> 6)) / 9_007_199_254_740_992;
}

function absorb(lane: number, word: number): number {
  const scrambled = imul(rotateLeft(imul(word, 0xcc9e2d51), 15), 0x1b873593);
  return (imul(rotateLeft(lane ^ scrambled, 13), 5) + 0xe6546b64) | 0;
}

function finalise(lane: number): number {
  const once = imul(lane ^ (lane >>> 16), 0x85ebca6b);
  const twice = imul(once ^ (once >>> 13), 0xc2b2ae35);
  return twice ^ (twice >>> 16);
}

const rotateLeft = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits));
