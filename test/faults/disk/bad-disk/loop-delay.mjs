import { writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

const LOOK_EVERY_MS = 5;
/** Nearly as long as a slow sync takes: so long the loop stands that waits for one. */
const STANDS_MS = 150;

// Loaded before a gateway's program (`--import`): on SIGUSR2 it writes how late the event loop has been since the last
// time, and for which part of that time it has stood still, to the file that LOOP_DELAY_FILE names.
const path = process.env['LOOP_DELAY_FILE'];
if (isMainThread && path !== undefined && process.argv[1]?.includes('standalone')) {
  const delay = monitorEventLoopDelay({ resolution: LOOK_EVERY_MS });
  delay.enable();
  let [sinceMs, lookedMs, stoodMs] = [performance.now(), performance.now(), 0];
  const look = () => {
    const nowMs = performance.now();
    if (nowMs - lookedMs >= STANDS_MS) stoodMs += nowMs - lookedMs;
    lookedMs = nowMs;
  };
  setInterval(look, LOOK_EVERY_MS).unref();
  process.on('SIGUSR2', () => {
    look();
    writeFileSync(path, JSON.stringify({ p99Ms: delay.percentile(99) / 1e6, stood: stoodMs / (lookedMs - sinceMs) }));
    delay.reset();
    [sinceMs, stoodMs] = [lookedMs, 0];
  });
}
