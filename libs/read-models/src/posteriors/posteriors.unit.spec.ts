import { NO_EVIDENCE, foldOutcome, serialisePosterior } from '#posterior';
import type { Outcome } from '#contracts';
import { foldedInto } from '../__fixtures__/memory-tables.js';
import { respondedFact, type SampleAttempt } from '../__fixtures__/sample-facts.js';
import { posterior } from './posterior.entity.js';
import { stateOf } from './posteriors.projection.js';

const attempt = (outcome: Outcome, tick: number): SampleAttempt => ({
  candidate: 'openai-prod/gpt-4o',
  outcome,
  latencyMs: 333.3 + tick,
  ttftMs: null,
  tick,
});
const answered = (attempts: readonly SampleAttempt[]) =>
  attempts.map((_, index) =>
    respondedFact({ number: 1, tenant: 'acme-prod', attempts, state: 'settled', amount: 0n }, index + 1),
  );

describe('posteriors', () => {
  const facts = answered([attempt('ok', 100), attempt('server_error', 107), attempt('ok', 103), attempt('ok', 180)]);

  it('holds the fold of all outcomes, in the order of the log, to the bit', () => {
    const [row] = foldedInto(facts).rows(posterior);
    const folded = facts.map(({ data }) => data).reduce(foldOutcome, NO_EVIDENCE);

    expect(row).toMatchObject({ tenantId: 'acme-prod', candidate: 'openai-prod/gpt-4o', nextOffset: 4n });
    expect(row && serialisePosterior(stateOf(row))).toBe(serialisePosterior(folded));
    expect(foldedInto(facts, 1).dump()).toEqual(foldedInto(facts, 3).dump());
  });

  it('is left alone, version included, by outcomes that say nothing about the provider', () => {
    const ignored = answered([attempt('ok', 100), attempt('client_gone', 200)]);

    expect(foldedInto(ignored).rows(posterior)).toMatchObject([{ nextOffset: 1n, tick: 100 }]);
    expect(foldedInto(answered([attempt('invalid_request', 100)])).rows(posterior)).toEqual([]);
  });
});
