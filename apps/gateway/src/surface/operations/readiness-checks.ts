import { LEASE_MS } from '#ledger';
import type { DurableLog } from '../../answer-request/durable-log.js';
import type { BudgetDirectory } from '../../feeds/budget-directory.js';
import type { DatabaseContact } from '../../feeds/database-contact.js';
import type { OverloadGate } from '../overload-gate.js';
import type { ReadinessCheck } from './readiness.js';

/** What a request needs in order to be answered. */
export interface Needed {
  readonly overload: Pick<OverloadGate, 'isStopping'>;
  readonly durable: Pick<DurableLog, 'problem'>;
  readonly database: Pick<DatabaseContact, 'silentMs'>;
  readonly directory: Pick<BudgetDirectory, 'isEmpty'>;
}

/** Whoever spreads the load should send it elsewhere when one of these does not hold. */
export const readinessChecks = ({ overload, durable, database, directory }: Needed): readonly ReadinessCheck[] => [
  { name: 'stop', problem: () => (overload.isStopping ? 'this gateway was told to stop' : null) },
  { name: 'journal', problem: () => durable.problem() },
  {
    name: 'budgets',
    problem: () => {
      // By then every lease has run out, and each request that has a budget is refused.
      if (directory.isEmpty || database.silentMs <= LEASE_MS) return null;
      return `PostgreSQL, which grants them, has been silent for ${Math.floor(database.silentMs / 1000)} s`;
    },
  },
];
