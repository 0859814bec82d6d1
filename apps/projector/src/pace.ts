/** Shortest rest: events that arrive meanwhile share one transaction. */
const REST_MIN_MS = 10;
/** Longest rest, and so about the oldest a projection gets under a light load. */
const REST_MAX_MS = 100;
/** Rests this many times as long as it worked, so that a steady trickle takes a quarter of a core at most. */
const REST_SHARE = 3;
/** The same on a machine that is full. */
const FULL_REST_MAX_MS = 500;
const FULL_REST_SHARE = 6;
/** With fewer processors than this left by others, the projector slows down those who answer requests. */
const FREE_PROCESSORS_MIN = 0.75;
/** How far behind the projector falls to leave the processors to the gateways; beyond, it folds as fast as it can. */
const LAG_MAX_MS = 10_000;

/** One batch that was folded, and how the machine did meanwhile. */
interface BatchDone {
  readonly busyMs: number;
  /** Whether more was waiting than fits one transaction. */
  readonly isBacklog: boolean;
  /** Age of the newest event folded. */
  readonly lagMs: number;
  /** What others leave to the projector and its part of the database. */
  readonly freeProcessors: number;
}

/**
 * How long to rest after a batch. Small transactions cost far more per event than large ones: run after each event, the
 * projector would take the gateway's core for nothing. A backlog is folded without rest where a processor is free; on a
 * machine that is full answers come first, and the projector falls behind, up to a bound, until the burst is over.
 */
export function restMs({ busyMs, isBacklog, lagMs, freeProcessors }: BatchDone): number {
  if (lagMs >= LAG_MAX_MS) return 0;
  if (freeProcessors < FREE_PROCESSORS_MIN) return between(REST_MIN_MS, busyMs * FULL_REST_SHARE, FULL_REST_MAX_MS);
  return isBacklog ? 0 : between(REST_MIN_MS, busyMs * REST_SHARE, REST_MAX_MS);
}

const between = (min: number, value: number, max: number): number => Math.min(max, Math.max(min, value));
