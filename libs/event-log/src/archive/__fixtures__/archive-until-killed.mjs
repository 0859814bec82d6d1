// Archives a log of numbered events in small segments, and prints a line per segment: its next offset.
import '../../__fixtures__/load-typescript.mjs';

const { MemoryEventLog } = await import('../../memory/memory.event-log.ts');
const { LogArchiver } = await import('../log-archiver.ts');
const { DirectoryArchiveStore } = await import('../store/directory.archive-store.ts');

const clock = { epochMs: () => Date.now(), monotonicMs: () => performance.now() };
const log = new MemoryEventLog(clock);
await log.append(
  Array.from({ length: Number(process.argv[3]) }, (_, number) => ({
    partition: 5,
    eventId: `event-${number}`,
    type: 'BreakerClosed',
    version: 1,
    tenant: 'system',
    headers: {},
    value: JSON.stringify({ number, filling: 'x'.repeat(700) }),
  })),
);
const store = new DirectoryArchiveStore(process.argv[2]);
const archiver = new LogArchiver({ log, store, clock, limits: { eventsMax: 7 } });
const put = store.put.bind(store);
store.put = async (key, bytes) => {
  await put(key, bytes);
  process.stdout.write(`${key}\n`);
};
await archiver.seal({ all: true });
