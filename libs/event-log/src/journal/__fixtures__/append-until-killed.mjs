// Appends for ever with several appends under way, and prints a line per event once it is acknowledged.
import { randomUUID } from 'node:crypto';
import './load-typescript.mjs';

const { JournalEventLog } = await import('../journal.event-log.ts');
const clock = { epochMs: () => Date.now(), monotonicMs: () => performance.now() };
const log = await JournalEventLog.open({
  directory: process.argv[2],
  clock,
  workerEntry: new URL('./journal.worker.mjs', import.meta.url),
  segmentBytesMax: 2_000_000,
});

async function appendForever() {
  for (;;) {
    const batch = Array.from({ length: 1 + Math.floor(Math.random() * 4) }, () => ({
      partition: Math.floor(Math.random() * 5),
      eventId: randomUUID(),
      type: 'BreakerClosed',
      version: 1,
      tenant: 'system',
      headers: {},
      value: JSON.stringify({ filling: 'x'.repeat(700) }),
    }));
    const places = await log.append(batch);
    const lines = places.map(({ partition, offset }, index) => `${batch[index].eventId} ${partition} ${offset}\n`);
    process.stdout.write(lines.join(''));
  }
}

await Promise.all(Array.from({ length: 8 }, appendForever));
