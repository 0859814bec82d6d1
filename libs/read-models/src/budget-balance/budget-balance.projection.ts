import type { BudgetCharged } from '#contracts';
import { defineProjection } from '../fold/define-projection.js';
import type { RowOf } from '../table/define-read-table.js';
import { budgetBalance } from './budget-balance.entity.js';

type Balance = RowOf<typeof budgetBalance>;

/** What each budget has been charged. Enforcement never reads it: that is done by holds and slices. */
export const budgetBalanceProjection = defineProjection({
  name: 'budget-balance',
  version: 1,
  tables: [budgetBalance],
  on: {
    BudgetCharged: (rows, { tenant, data }) => {
      for (const { budget_id, period } of data.budgets) {
        const key = { tenantId: tenant, budgetId: budget_id, period };
        rows.evolve(budgetBalance, key, (balance) => chargeTo(balance ?? { ...key, ...NOTHING }, data));
      }
    },
  },
});

const NOTHING = {
  chargedNanoUsd: 0n,
  estimatedNanoUsd: 0n,
  charges: 0n,
  estimatedCharges: 0n,
  voidedCharges: 0n,
  unpricedCharges: 0n,
};

const one = (condition: boolean): bigint => (condition ? 1n : 0n);

function chargeTo(balance: Balance, { state, amount_nano_usd }: BudgetCharged): Balance {
  const amount = BigInt(amount_nano_usd ?? 0);
  return {
    ...balance,
    chargedNanoUsd: balance.chargedNanoUsd + amount,
    estimatedNanoUsd: balance.estimatedNanoUsd + (state === 'estimated' ? amount : 0n),
    charges: balance.charges + 1n,
    estimatedCharges: balance.estimatedCharges + one(state === 'estimated'),
    voidedCharges: balance.voidedCharges + one(state === 'voided'),
    unpricedCharges: balance.unpricedCharges + one(amount_nano_usd === null),
  };
}
