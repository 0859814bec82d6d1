import '../../__fixtures__/load-typescript.mjs';
import { soakLog } from './soak-log.mjs';

const { JournalEventLog } = await import('../../journal/journal.event-log.ts');
const clock = { epochMs: () => Date.now(), monotonicMs: () => performance.now() };
const [, , seconds, directory] = process.argv;
const workerEntry = new URL('../../journal/__fixtures__/journal.worker.mjs', import.meta.url);
await soakLog(await JournalEventLog.open({ directory, clock, workerEntry }), Number(seconds));
