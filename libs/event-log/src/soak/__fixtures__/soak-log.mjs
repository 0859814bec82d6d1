import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

const EVENTS_PER_SECOND = 1_000;
const BATCH = 5;
const TICK_MS = 20;
const PARTITIONS = 4;
const SAMPLES_MAX = 360;
const SAMPLE_EVERY_MS_MIN = 1_000;
/** Expected of this Node and of kafkajs (its issue 1751). */
const KNOWN_WARNINGS = ['ExperimentalWarning', 'TimeoutNegativeWarning'];

/**
 * Appends 1,000 events a second, follows them as a reader does, and says at the end what was missing or out of order,
 * and how the process did meanwhile, as one line of JSON. Needs --expose-gc.
 */
export async function soakLog(log, seconds) {
  const problems = [];
  process.on('unhandledRejection', (reason) => problems.push(`unhandled: ${reason}`));
  process.on('warning', ({ name, message }) => KNOWN_WARNINGS.includes(name) || problems.push(`${name}: ${message}`));
  const total = seconds * EVENTS_PER_SECOND;
  const samples = [];
  let isOver = false;
  const sampling = sampleUntil(() => isOver, { samples, everyMs: sampleEveryMs(seconds) });
  const following = Array.from({ length: PARTITIONS }, (_, partition) =>
    follow(log, { partition, count: total / PARTITIONS, problems }),
  );
  try {
    await Promise.all([append(log, total), ...following]);
  } catch (error) {
    problems.push(`ended early: ${error.stack}`);
  }
  isOver = true;
  await sampling;
  await log.close();
  console.log(JSON.stringify({ events: total, problems: problems.slice(0, 20), samples }));
}

const sampleEveryMs = (seconds) => Math.max(SAMPLE_EVERY_MS_MIN, (seconds * 1_000) / SAMPLES_MAX);

/** Keeps to the clock: what a slow moment has delayed is made up for. */
async function append(log, total) {
  const startedMs = performance.now();
  const underWay = new Set();
  for (let made = 0; made < total;) {
    const due = Math.min(total, Math.floor(((performance.now() - startedMs) * EVENTS_PER_SECOND) / 1_000));
    for (; made + BATCH * PARTITIONS <= due || (due === total && made < total); made += BATCH * PARTITIONS) {
      for (let partition = 0; partition < PARTITIONS; partition += 1) {
        const first = made / PARTITIONS;
        const appended = log.append(Array.from({ length: BATCH }, (_, index) => record(partition, first + index)));
        underWay.add(appended);
        // One that fails is not taken out and rejects below.
        appended.then(() => underWay.delete(appended)).catch(() => undefined);
      }
    }
    await pause(TICK_MS);
  }
  await Promise.all(underWay);
}

const record = (partition, number) => ({
  partition,
  eventId: randomUUID(),
  type: 'BreakerClosed',
  version: 1,
  tenant: 'system',
  headers: {},
  value: JSON.stringify({ number, filling: 'x'.repeat(300) }),
});

/** Reads a partition until so many different events have come, in the order of their numbers. */
async function follow(log, { partition, count, problems }) {
  let [from, next] = [0n, 0];
  while (next < count) {
    const slice = await log.read(partition, from, { maxEvents: 500, waitMs: 1_000 });
    for (const { offset, value } of slice.events) {
      const { number } = JSON.parse(value);
      if (number === next) next += 1;
      // A brokered log may hold an event twice, never one before its time.
      else if (number > next) problems.push(`partition ${partition}, offset ${offset}: ${number} instead of ${next}`);
      if (number > next) return;
    }
    from = slice.next;
  }
}

async function sampleUntil(isOver, { samples, everyMs }) {
  const startedMs = performance.now();
  while (!isOver()) {
    await pause(everyMs);
    globalThis.gc();
    const { rss, heapUsed, external } = process.memoryUsage();
    const resources = process.getActiveResourcesInfo();
    samples.push({
      minute: (performance.now() - startedMs) / 60_000,
      rssBytes: rss,
      heapBytes: heapUsed + external,
      timers: resources.filter((kind) => kind === 'Timeout' || kind === 'Immediate').length,
      handles: resources.filter((kind) => /Wrap$|MessagePort/.test(kind)).length,
    });
  }
}
