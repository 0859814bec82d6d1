import { writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

// Loaded before a gateway's program (`--import`): on SIGUSR2 it writes how late the event loop has been since the last
// time, to the file that LOOP_DELAY_FILE names.
const path = process.env['LOOP_DELAY_FILE'];
if (isMainThread && path !== undefined && process.argv[1]?.includes('standalone')) {
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  process.on('SIGUSR2', () => {
    writeFileSync(path, JSON.stringify({ p99Ms: delay.percentile(99) / 1e6, maxMs: delay.max / 1e6 }));
    delay.reset();
  });
}
