import type { Logger } from 'pino';
import type { ReplicaLog } from '#event-log';
import type { ReadinessCheck } from '../surface/operations/readiness.js';

/** A gateway whose journal is full answers nothing: whoever spreads the load should know. */
export const journalReadiness = (log: ReplicaLog): ReadinessCheck => ({
  name: 'journal',
  problem: () => (log.isFull() ? 'its share of the disk is used up' : null),
});

/** Nothing is lost when the journal's file had to be opened anew, but the disk wants to be looked at. */
export const journalRecovery =
  (logger: Logger) =>
  (reason: string): void =>
    logger.error({ reason }, 'the journal was opened anew after a failed write; check the disk');
