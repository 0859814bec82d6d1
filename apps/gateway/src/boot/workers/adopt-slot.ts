import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { JournalShipper, ReplicaLog } from '#event-log';
import { BudgetBook } from '#ledger';
import type { ReplicaConfig } from '../../config/replica.config.js';
import { ConnectionBook } from '../../routes/connection-book.js';
import { closeOpenRequests, keepCheckpoints } from '../recovery/close-open-requests.js';
import { openReplica } from '../open-replica.js';
import { Started } from '../started.js';

/** Time without a batch that the shared log takes, after which it counts as away. */
const PATIENCE_MS = 5_000;

/** What an adopted slot has come to. */
export interface AdoptedSlot {
  readonly slot: string;
  /** Events that the shared log has not taken yet: they wait in the journal for the next try. */
  readonly unshipped: number;
}

interface Adopting {
  readonly logger: Logger;
  /** Ends the adoption between two steps; the next start goes on with it. */
  readonly signal: AbortSignal;
}

/**
 * Does for the journal of a worker that this start lacks what a start of it would do before it listens: books what was
 * left open, gives back what its slices had unused, ships everything. Then the slot rests until a start has that worker
 * again. What is done twice has one effect. @throws DataLockedError, and whatever PostgreSQL or the disk has to say.
 */
export async function adoptSlot(config: ReplicaConfig, { logger, signal }: Adopting): Promise<AdoptedSlot> {
  const started = new Started();
  try {
    const opened = await openReplica(config, { logger, started }, (known) => known ?? config.slot);
    const { log, shipper, slot, clock, authority } = opened;
    const budgets = started.add(new BudgetBook(authority, slot), (book) => book.close());
    await closeOpenRequests({
      log,
      budgets,
      clock,
      logger,
      source: `/gateway/${slot}`,
      catalogueVersion: new ConnectionBook(config.resolved.connections, config.groups).catalogueVersion,
    });
    const stopCheckpoints = keepCheckpoints({ log, budgets, logger, shipper });
    await shipWhileTaken({ log, shipper, signal });
    await stopCheckpoints();
    await shipper.stop({ withinMs: 0 });
    // Nothing is open any more: no recovery needs what is shipped.
    log.release(shipper.shippedThrough);
    return { slot, unshipped: shipper.backlog().events };
  } finally {
    await started.stop();
  }
}

interface Shipping {
  readonly log: ReplicaLog;
  readonly shipper: JournalShipper;
  readonly signal: AbortSignal;
}

/** Ends when everything is shipped, or when the shared log has taken nothing for a while. */
async function shipWhileTaken({ log, shipper, signal }: Shipping): Promise<void> {
  const left = (): number => shipper.backlog().events;
  for (let before = Infinity; left() > 0 && left() < before && !signal.aborted;) {
    before = left();
    const looking = new AbortController();
    const pause = sleep(PATIENCE_MS, undefined, { signal: AbortSignal.any([signal, looking.signal]) });
    await Promise.race([shipper.passed(log.lastSequence()), pause]).catch(() => undefined);
    looking.abort();
  }
}
