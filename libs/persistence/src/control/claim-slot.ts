import type { EntityManager } from '@mikro-orm/postgresql';

/** The slot's name belongs to another journal. */
export class SlotTakenError extends Error {
  override name = 'SlotTakenError';
}

/** How a gateway's connections are named, so that it can be seen which slots are in use. */
export const gatewayApplicationName = (slot: string): string => `gateway ${slot}`;

interface Claim {
  readonly slot: string;
  /** Identity of the journal, a UUID that was made with it. */
  readonly journalId: string;
  readonly now: Date;
}

/** Ties a slot's name to its journal, for good. @throws SlotTakenError */
export async function claimSlot(em: EntityManager, { slot, journalId, now }: Claim): Promise<void> {
  const fork = em.fork();
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
