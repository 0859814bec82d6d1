import { parentPort, workerData } from 'node:worker_threads';

// Timers of the event loop are whole milliseconds; a thread that only waits is right to some 0.1 ms.
const { startMs, gapMs, count } = workerData;
const nowMs = () => Number(process.hrtime.bigint()) / 1e6;
const never = new Int32Array(new SharedArrayBuffer(4));
for (let index = 0; index < count; index++) {
  const wait = startMs + index * gapMs - nowMs();
  if (wait > 0) Atomics.wait(never, 0, 0, wait);
  parentPort.postMessage(index);
}
