import type { Logger } from 'pino';
import { isoTime, type Clock } from '#contracts';
import { decodeFact, encodeFact, type JournalShipper, type LogEvent, type ReplicaLog } from '#event-log';
import {
  chargeAfterCrash,
  RecoveryHorizon,
  chargedNanoUsd,
  checkpointOf,
  recoverSlot,
  type BudgetBook,
  type JournalFact,
  type SlotCheckpoint,
} from '#ledger';

const MARK = 'slot-checkpoint';
const CHECKPOINT_EVERY_MS = 2_000;

export interface Recovery {
  readonly log: ReplicaLog;
  readonly budgets: BudgetBook;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Producer of the facts, e.g. `/gateway/slot-0`. */
  readonly source: string;
  readonly catalogueVersion: string;
}

/**
 * Before a gateway listens it closes every request of its own journal that a crash left open, charged at its hold, and
 * tells the authority what this slot has really used, so that nothing stays held.
 */
export async function closeOpenRequests({
  log,
  budgets,
  clock,
  logger,
  source,
  catalogueVersion,
}: Recovery): Promise<void> {
  const mark = (await log.marks()).get(MARK);
  const checkpoint = mark === undefined ? null : (JSON.parse(mark) as SlotCheckpoint);
  const { used, open } = await recoverSlot({
    checkpoint,
    facts: factsAfter(log, checkpoint?.sequence ?? 0),
    find: async (ids) => (await log.find(ids)).map((event) => journalFact(0, event)),
  });
  const time = isoTime(clock.epochMs());
  const charges = open.map((routed) => chargeAfterCrash(routed, { source, time, catalogueVersion }));
  if (charges.length > 0) {
    logger.warn({ requests: charges.length }, 'closed requests that a crash left open; each is charged at its hold');
    // They have been paid for, and a journal that is full gets rid of nothing before it has been recovered.
    await log.append(charges.map(encodeFact), { beyondLimit: true });
  }
  await budgets.restore([
    ...used,
    ...charges.flatMap(({ data }) =>
      data.budgets.map(({ budget_id: budgetId, period }) => ({ budgetId, period, usedNanoUsd: chargedNanoUsd(data) })),
    ),
  ]);
}

type Checkpointed = Pick<Recovery, 'log' | 'budgets' | 'logger'> & { readonly shipper: JournalShipper | null };

/**
 * Writes the checkpoint from which the next start recovers, and lets the journal forget what is shipped and what no
 * recovery could need; returns what stops it.
 */
export function keepCheckpoints({ log, budgets, logger, shipper }: Checkpointed): () => Promise<void> {
  const horizon = new RecoveryHorizon();
  let written = -1;
  let running: Promise<void> = Promise.resolve();
  const write = async (): Promise<void> => {
    const sequence = log.lastSequence();
    // A full journal takes no request that could bring it on: it goes on looking for what can be let go.
    if (sequence === written && !log.isFull()) return;
    try {
      const checkpoint = checkpointOf(budgets, sequence);
      await log.setMark(MARK, JSON.stringify(checkpoint));
      written = sequence;
      const unneeded = horizon.advance(checkpoint);
      if (shipper !== null) log.release(Math.min(unneeded, shipper.shippedThrough));
    } catch (error) {
      logger.warn(
        { err: error },
        'the recovery checkpoint could not be written; the next start reads more of the journal',
      );
    }
  };
  const timer = setInterval(() => {
    running = running.then(write);
  }, CHECKPOINT_EVERY_MS).unref();
  return async () => {
    clearInterval(timer);
    await running;
    await write();
  };
}

async function* factsAfter(log: ReplicaLog, sequence: number): AsyncIterable<JournalFact> {
  for await (const { sequence: at, event } of log.scan(sequence + 1, ['RequestRouted', 'BudgetCharged'])) {
    yield journalFact(at, event);
  }
}

function journalFact(sequence: number, event: LogEvent): JournalFact {
  const { type, data } = decodeFact(event);
  return { sequence, type, data };
}
