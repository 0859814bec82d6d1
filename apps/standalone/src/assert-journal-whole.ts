import type { EntityManager } from '@mikro-orm/postgresql';
import type { LogReader } from '#event-log';
import { cursors } from '#read-models';

/** The journal has less than what the tables were made from. */
class JournalLostError extends Error {
  constructor(directory: string, partitions: readonly string[]) {
    super(
      `The journal in ${directory} ends before the tables do (${partitions.join('; ')}): facts that were durable are ` +
        'gone, or this is the journal of another installation. Put the right one back, or begin anew in another ' +
        'folder (OVERTURE_DATA).',
    );
    this.name = 'JournalLostError';
  }
}

/**
 * Tables follow the journal and can only be behind it. Were they ahead, new facts would take offsets that count as
 * folded already, and would be missing from every table in silence.
 *
 * @throws JournalLostError
 */
export async function assertJournalWhole(directory: string, log: LogReader, em: EntityManager): Promise<void> {
  const [heads, folded] = [await log.heads(), await cursors(em.fork())];
  const lost = [...folded].filter(([partition, { nextOffset }]) => nextOffset > (heads.get(partition) ?? 0n));
  if (lost.length === 0) return;
  const described = lost.map(
    ([partition, { nextOffset }]) => `partition ${partition}: ${heads.get(partition) ?? 0n} of ${nextOffset}`,
  );
  throw new JournalLostError(directory, described);
}
