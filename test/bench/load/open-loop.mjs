import { setTimeout as afterMs } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { Connection } from './connection.mjs';
import { Answers, Sample } from './sample.mjs';

const LAST_ANSWERS_WITHIN_MS = 5000;
const START_AFTER_MS = 50;

/**
 * Requests at a fixed rate, whether or not earlier ones were answered. Latency counts from the scheduled time, so that
 * a server that stalls cannot hide it by slowing the generator down.
 */
export async function runOpenLoop({ port, request, rate, window }) {
  const answers = new Answers();
  const lateness = new Sample();
  const idle = [];
  let open = 0;
  const startMs = nowMs() + START_AFTER_MS;
  const gapMs = 1000 / rate;
  const workerData = { startMs, gapMs, count: Math.ceil((window.totalMs - START_AFTER_MS) / gapMs) };
  const ticker = new Worker(new URL('./ticker.worker.mjs', import.meta.url), { workerData });
  const hasEnded = new Promise((resolve) => ticker.once('exit', resolve));
  ticker.on('message', (index) => {
    const scheduledMs = startMs + index * gapMs;
    const isMeasured = window.isOpen;
    if (isMeasured) lateness.add(nowMs() - scheduledMs);
    const connection = idle.pop() ?? new Connection(port);
    open += 1;
    const onEnd = (status) => {
      open -= 1;
      idle.push(connection);
      if (isMeasured) answers.add(status, nowMs() - scheduledMs);
    };
    connection.send(request, { onEnd });
  });
  await window.pass();
  await hasEnded;
  for (let waitedMs = 0; open > 0 && waitedMs < LAST_ANSWERS_WITHIN_MS; waitedMs += 20) await afterMs(20);
  idle.forEach((connection) => connection.close());
  return { ...answers.summary(), latenessMs: lateness.percentiles(), unanswered: open };
}

/** The clock that the ticker's thread shares. */
const nowMs = () => Number(process.hrtime.bigint()) / 1e6;
