/** Shortest pause after work: events that arrive meanwhile share one transaction. */
const PAUSE_MIN_MS = 10;
/** Longest pause, and so about the oldest a projection gets under a light load. */
const PAUSE_MAX_MS = 100;
/** Rests this many times as long as it worked, so that a steady trickle takes a quarter of a core at most. */
const REST_SHARE = 3;

/**
 * How long to rest after a drain. Small transactions cost far more per event than large ones: run after each event, the
 * projector would take the gateway's core for nothing. A full batch means a backlog: no rest until it is gone.
 */
export function pauseAfterMs(drain: { readonly busyMs: number; readonly wasFull: boolean }): number {
  if (drain.wasFull) return 0;
  return Math.min(PAUSE_MAX_MS, Math.max(PAUSE_MIN_MS, drain.busyMs * REST_SHARE));
}
