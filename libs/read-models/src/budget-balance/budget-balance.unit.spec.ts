import { foldedInto } from '../__fixtures__/memory-tables.js';
import { chargedFact, type SampleRequest } from '../__fixtures__/sample-facts.js';
import { budgetBalance } from './budget-balance.entity.js';

const request = (number: number, more: Partial<SampleRequest> = {}): SampleRequest => ({
  number,
  tenant: 'acme-prod',
  attempts: [],
  state: 'settled',
  amount: 1_000n,
  ...more,
});
const charges = [
  chargedFact(request(1)),
  chargedFact(request(2, { state: 'estimated', amount: 250n })),
  chargedFact(request(3, { state: 'voided', amount: 0n })),
  chargedFact(request(4, { amount: null })),
];

describe('budget balance', () => {
  it('adds up what was charged against each budget and says how much of it is estimated or unknown', () => {
    const balance = {
      tenantId: 'acme-prod',
      chargedNanoUsd: 1_250n,
      estimatedNanoUsd: 250n,
      charges: 4n,
      estimatedCharges: 1n,
      voidedCharges: 1n,
      unpricedCharges: 1n,
    };

    expect(foldedInto(charges).rows(budgetBalance)).toEqual([
      { ...balance, budgetId: 'acme', period: '2026-11' },
      { ...balance, budgetId: 'acme-prod', period: 'total' },
    ]);
    expect(foldedInto(charges, 1).dump()).toEqual(foldedInto(charges).dump());
  });

  it('keeps periods apart', () => {
    const december = chargedFact(request(5), { budgets: [{ budget_id: 'acme', period: '2026-12' }] });

    const balances = foldedInto([...charges, december]).rows(budgetBalance);

    expect(balances.filter(({ budgetId }) => budgetId === 'acme').map(({ charges: count }) => count)).toEqual([4n, 1n]);
  });

  it('has one row per tenant for a budget that several share', () => {
    const other = chargedFact(request(6, { tenant: 'acme-test' }));

    const shared = foldedInto([...charges, other])
      .rows(budgetBalance)
      .filter(({ budgetId }) => budgetId === 'acme');

    expect(shared.map(({ tenantId, chargedNanoUsd }) => [tenantId, chargedNanoUsd])).toEqual([
      ['acme-prod', 1_250n],
      ['acme-test', 1_000n],
    ]);
  });
});
