import type { EntityManager } from '@mikro-orm/postgresql';

/** The slot's name belongs to another journal, or the journal to another slot. */
export class SlotTakenError extends Error {
  override name = 'SlotTakenError';
}

/** PostgreSQL cuts names at 63 bytes; the end of a slot's name tells workers of one machine apart. */
const SLOT_SHOWN_MAX = 55;

/** How a gateway's connections are named, so that it can be seen which slots are in use. */
export const gatewayApplicationName = (slot: string): string => `gateway ${slot.slice(-SLOT_SHOWN_MAX)}`;

interface Claim {
  readonly slot: string;
  /** Identity of the journal, a UUID that was made with it. */
  readonly journalId: string;
  readonly now: Date;
}

/** Ties a slot's name to its journal, for good. @throws SlotTakenError */
export async function claimSlot(em: EntityManager, { slot, journalId, now }: Claim): Promise<void> {
  const fork = em.fork();
  const known = await slotOfJournal(fork, journalId);
  if (known !== null && known !== slot) {
    throw new SlotTakenError(
      `The journal of this replica belongs to the slot ${known}, and is to run as ${slot}: what it has used would ` +
        `count twice. Set OVERTURE_SLOT to the name that it ran with, or OVERTURE_DATA to a folder of its own.`,
    );
  }
  await fork.execute(
    `insert into control.journal_slot (slot, journal_id, claimed_at) values (?, ?, ?) on conflict (slot) do nothing`,
    [slot, journalId, now],
  );
  const [owner] = await fork.execute<{ journal_id: string; claimed_at: Date }[]>(
    'select journal_id, claimed_at from control.journal_slot where slot = ?',
    [slot],
  );
  if (owner === undefined || owner.journal_id === journalId) return;
  const since = new Date(owner.claimed_at).toISOString();
  throw new SlotTakenError(
    `The slot ${slot} belongs to another journal since ${since}: set OVERTURE_SLOT to a name of its own for this ` +
      'replica, or give it back the folder (OVERTURE_DATA) that it ran with. If that is lost: overture slot forfeit.',
  );
}

/** The slot that a journal belongs to; null while it has never claimed one. */
export async function slotOfJournal(em: EntityManager, journalId: string): Promise<string | null> {
  const [row] = await em
    .fork()
    .execute<{ slot: string }[]>('select slot from control.journal_slot where journal_id = ? order by claimed_at', [
      journalId,
    ]);
  return row?.slot ?? null;
}
