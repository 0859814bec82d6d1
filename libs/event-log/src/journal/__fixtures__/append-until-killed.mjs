import '../../__fixtures__/load-typescript.mjs';
import { appendForever } from '../../__fixtures__/append-forever.mjs';

const { JournalEventLog } = await import('../journal.event-log.ts');
const clock = { epochMs: () => Date.now(), monotonicMs: () => performance.now() };
await appendForever(
  await JournalEventLog.open({
    directory: process.argv[2],
    clock,
    workerEntry: new URL('./journal.worker.mjs', import.meta.url),
    segmentBytesMax: 2_000_000,
  }),
);
