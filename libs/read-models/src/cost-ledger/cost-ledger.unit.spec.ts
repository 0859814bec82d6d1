import { foldedInto } from '../__fixtures__/memory-tables.js';
import { chargedFact, factsOf, requestIdOf, type SampleRequest } from '../__fixtures__/sample-facts.js';
import { costLedger, costLine } from './cost-ledger.entity.js';

const request: SampleRequest = {
  number: 1,
  tenant: 'acme-prod',
  attempts: [{ candidate: 'openai-prod/gpt-4o', outcome: 'ok', latencyMs: 100, ttftMs: null, tick: 179443210 }],
  state: 'settled',
  amount: 123_456_789_012_345_678_901n,
};

describe('cost ledger', () => {
  it('books a charge with its lines, to the last nano-dollar', () => {
    const tables = foldedInto(factsOf(request));

    expect(tables.rows(costLedger)).toEqual([
      {
        requestId: requestIdOf(1),
        eventId: chargedFact(request).id,
        tenantId: 'acme-prod',
        orgId: 'acme',
        keyId: 'key-acme-prod',
        chargedAt: '2026-11-21T12:00:00.007Z',
        state: 'settled',
        reason: 'answered',
        amountNanoUsd: 123_456_789_012_345_678_901n,
        heldNanoUsd: 53_800_000n,
        catalogueVersion: '2026-11-20',
        charged: JSON.stringify(chargedFact(request).data),
      },
    ]);
    expect(tables.rows(costLine)).toEqual([
      {
        requestId: requestIdOf(1),
        attempt: 1,
        tenantId: 'acme-prod',
        candidate: 'openai-prod/gpt-4o',
        provider: 'openai',
        model: 'gpt-4o',
        uncached: 20n,
        cacheRead: 4n,
        cacheWrite: 0n,
        output: 200n,
        reasoning: 16n,
        audioIn: 0n,
        audioOut: 0n,
        amountNanoUsd: 123_456_789_012_345_678_901n,
        estimated: false,
      },
    ]);
  });

  it('keeps an unknown price unknown instead of booking zero', () => {
    const tables = foldedInto(factsOf({ ...request, amount: null }));

    expect(tables.rows(costLedger)[0]?.amountNanoUsd).toBeNull();
    expect(tables.rows(costLine)[0]?.amountNanoUsd).toBeNull();
  });

  it('books an event that comes twice once', () => {
    const facts = [...factsOf(request), chargedFact(request)];

    expect(foldedInto(facts).rows(costLedger)).toHaveLength(1);
    expect(foldedInto(facts, 1).rows(costLedger)).toHaveLength(1);
  });

  it('refuses a second charge of one request under another id', () => {
    const second = { ...chargedFact(request), id: requestIdOf(99) };

    expect(() => foldedInto([...factsOf(request), second])).toThrow('cost_ledger has two rows');
  });
});
