import { RequestRouted, type Clock } from '#contracts';
import { JournalLogReader, eventId, type LogEvent, type LogReader } from '#event-log';
import { DATABASE_LOGINS } from '#persistence';
import { findEventPlace, foldedOffsets } from '#read-models';
import type { CliConfig } from './cli.config.js';
import { CommandFailedError } from './cli.errors.js';
import { Installation, assertPresent } from './installation.js';

/**
 * The routing decision of a request as the log has it, or null. A journal finds it by its id. A topic and an archive
 * cannot: there the tables tell where it stands, and what they have not folded yet is read through.
 * @throws CommandFailedError
 */
export async function findRouted(config: CliConfig, clock: Clock, requestId: string): Promise<LogEvent | null> {
  const id = eventId(requestId, RequestRouted.type);
  return config.kafka === null ? await findInJournal(config, clock, id) : await findInCluster(config, clock, id);
}

async function findInJournal(config: CliConfig, clock: Clock, id: string): Promise<LogEvent | null> {
  assertPresent(config);
  const log = new JournalLogReader({ directory: config.journalDir, clock });
  try {
    return (await log.find([id]))[0] ?? null;
  } finally {
    await log.close();
  }
}

async function findInCluster(config: CliConfig, clock: Clock, id: string): Promise<LogEvent | null> {
  const installation = await Installation.open(config, clock);
  try {
    const { log } = installation;
    const pool = await installation.pool(DATABASE_LOGINS.migrator);
    // Before the place is looked up: what is folded meanwhile would be in neither.
    const folded = await foldedOffsets(pool);
    const place = await findEventPlace(pool, id);
    if (place === null) return await findBeyond(log, folded, id);
    const { partition, offset } = place;
    const [event] = (await log.read(partition, offset, { maxEvents: 1 })).events;
    if (event?.eventId === id) return event;
    throw new CommandFailedError(
      `The tables have it from partition ${partition}, offset ${offset}, where the log has another event: ` +
        'are this topic and this archive the ones that they were made from?',
    );
  } finally {
    await installation.close();
  }
}

/** Reads what lies behind these offsets until it meets the event. */
async function findBeyond(log: LogReader, offsets: ReadonlyMap<number, bigint>, id: string): Promise<LogEvent | null> {
  for (const [partition, head] of await log.heads()) {
    for (let from = offsets.get(partition) ?? 0n; from < head;) {
      const { events, next } = await log.read(partition, from);
      const found = events.find(({ eventId: other }) => other === id);
      if (found !== undefined) return found;
      from = next;
    }
  }
  return null;
}
