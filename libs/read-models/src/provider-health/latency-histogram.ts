/** Upper bounds of the latency buckets; one more bucket takes what lies beyond the last. */
const LATENCY_BOUNDS_MS = [25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000];

/** Observations per bucket; an empty list counts as nothing observed. */
type Counts = readonly bigint[];

const BUCKETS = [...LATENCY_BOUNDS_MS.keys(), LATENCY_BOUNDS_MS.length];
const NONE: Counts = BUCKETS.map(() => 0n);

/** Whole microseconds: sums of them are exact, so their order does not matter. */
export const microseconds = (milliseconds: number): bigint => BigInt(Math.round(milliseconds * 1_000));

/** The counts with one more observation; null observes nothing. */
export function countAt(counts: Counts = NONE, milliseconds: number | null): Counts {
  if (milliseconds === null) return counts;
  const found = LATENCY_BOUNDS_MS.findIndex((bound) => milliseconds <= bound);
  const bucket = found === -1 ? LATENCY_BOUNDS_MS.length : found;
  return counts.with(bucket, (counts[bucket] ?? 0n) + 1n);
}

/** Two histograms as one. */
export const addCounts = (one: Counts, other: Counts): Counts =>
  BUCKETS.map((bucket) => (one[bucket] ?? 0n) + (other[bucket] ?? 0n));

/** Mean of all observations, in milliseconds with microsecond precision. */
export function meanMs(counts: Counts, sumUs: number): number | null {
  const observed = total(counts);
  return observed === 0 ? null : Math.round(sumUs / observed) / 1_000;
}

/** The bound below which a share of the observations lies; null without any, and when it is beyond the last bound. */
export function quantileMs(counts: Counts, share: number): number | null {
  const wanted = Math.ceil(total(counts) * share);
  let seen = 0;
  const bucket = counts.findIndex((count) => (seen += Number(count)) >= wanted && seen > 0);
  return LATENCY_BOUNDS_MS[bucket] ?? null;
}

const total = (counts: Counts): number => Number(counts.reduce((sum, count) => sum + count, 0n));
