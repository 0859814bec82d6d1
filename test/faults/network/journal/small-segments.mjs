import { isMainThread } from 'node:worker_threads';

// Loaded before a gateway's program (`--import`): its journal begins a segment every few seconds instead of once a day
// or every GiB, so that segments are let go of while a campaign goes on.
const SEGMENT_BYTES_MAX = 262_144;
const DIST = new URL('../../../../dist/', import.meta.url);

if (isMainThread && process.argv[1]?.includes('gateway')) {
  const { JournalEventLog } = await import(new URL('libs/event-log/src/journal/journal.event-log.js', DIST));
  const { open } = JournalEventLog;
  JournalEventLog.open = (options) => open.call(JournalEventLog, { ...options, segmentBytesMax: SEGMENT_BYTES_MAX });
}
