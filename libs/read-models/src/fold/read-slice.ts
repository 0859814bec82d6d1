import { setImmediate } from 'node:timers/promises';
import { CorruptLogError, OffsetOutOfRangeError, type LogEvent, type LogReader } from '#event-log';
import type { Slice } from './apply-batch.js';
import { decodeEvents, type Poison } from './decode-events.js';
import type { LoggedFact } from './define-projection.js';
import type { Cursor } from './projection-cursor.js';

/** Decoded events between two breaths: PostgreSQL's answers are attended to while the next batch is decoded. */
const DECODED_AT_ONCE = 64;

/** The next facts of a partition, as many as `count`, and what stands behind them if it cannot be folded. */
export async function readSlice(
  log: LogReader,
  { partition, cursor, count }: { readonly partition: number; readonly cursor: Cursor; readonly count: number },
): Promise<{ slice: Slice; poison: Poison | null }> {
  const from = cursor.nextOffset;
  const { events, damage } = await readEvents(log, partition, { from, count });
  const facts: LoggedFact[] = [];
  let poison = damage;
  for (let start = 0; start < events.length && poison === null; start += DECODED_AT_ONCE) {
    const decoded = decodeEvents(events.slice(start, start + DECODED_AT_ONCE));
    facts.push(...decoded.facts);
    poison = decoded.poison;
    await setImmediate();
  }
  const next = (facts.at(-1)?.offset ?? from - 1n) + 1n;
  return { slice: { partition, from, next, epoch: cursor.epoch, facts }, poison };
}

/** Fewer events where the log is damaged, so that all before the damage are folded; at the damage, none. */
async function readEvents(
  log: LogReader,
  partition: number,
  { from, count }: { readonly from: bigint; readonly count: number },
): Promise<{ events: readonly LogEvent[]; damage: Poison | null }> {
  try {
    const { events } = await log.read(partition, from, { maxEvents: count });
    return { events, damage: null };
  } catch (error) {
    if (error instanceof CorruptLogError && count > 1) return readEvents(log, partition, { from, count: count >> 1 });
    if (!(error instanceof CorruptLogError || error instanceof OffsetOutOfRangeError)) throw error;
    return { events: [], damage: { offset: from, eventId: '', reason: error.message } };
  }
}
