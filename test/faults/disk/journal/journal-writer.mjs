import { randomUUID } from 'node:crypto';
import { JournalEventLog } from '#event-log';

/**
 * A process that appends to a journal until it is killed, and tells its parent what was acknowledged. Every value names
 * its event, so that a reader can tell a wrong one.
 */
const [directory, segmentBytesMax] = process.argv.slice(2);
const clock = { epochMs: () => Date.now(), monotonicMs: () => performance.now() };
const PARTITIONS = 64;
const WRITERS = 8;
const BATCH_MAX = 12;

const recordOf = (eventId) => ({
  partition: Number.parseInt(eventId.slice(0, 4), 16) % PARTITIONS,
  eventId,
  type: 'RequestRouted',
  version: 1,
  tenant: 'default',
  headers: { ce_id: eventId },
  value: JSON.stringify({ of: eventId, more: eventId.repeat(Number.parseInt(eventId[0], 16)) }),
});

async function appendAgainAndAgain(log) {
  for (;;) {
    const ids = Array.from({ length: 1 + Math.floor(Math.random() * BATCH_MAX) }, () => randomUUID());
    const places = await log.append(ids.map(recordOf));
    process.send({ acknowledged: ids.map((eventId, at) => [eventId, Number(places[at].offset)]) });
  }
}

try {
  const log = await JournalEventLog.open({ directory, clock, segmentBytesMax: Number(segmentBytesMax) });
  process.send({ opened: log.lastSequence() });
  await Promise.all(Array.from({ length: WRITERS }, () => appendAgainAndAgain(log)));
} catch (error) {
  process.send({ refused: `${error.name}: ${error.message}` }, () => process.exit(1));
}
