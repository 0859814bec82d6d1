import fc from 'fast-check';
import type { Fact } from '#contracts';
import { OUTCOMES } from '#contracts';
import { breakerFact, factsOf, reusedFact, type SampleAttempt, type SampleRequest } from './sample-facts.js';

const CANDIDATES = ['openai-prod/gpt-4o', 'azure-eu/gpt-4o', 'sim/gpt-4o'];
const TENANTS = ['acme-prod', 'acme-test', 'tenant-7'];

const attempt: fc.Arbitrary<SampleAttempt> = fc.record({
  candidate: fc.constantFrom(...CANDIDATES),
  outcome: fc.constantFrom(...OUTCOMES),
  latencyMs: fc.double({ min: 0, max: 90_000, noNaN: true }),
  ttftMs: fc.option(fc.double({ min: 0, max: 9_000, noNaN: true })),
  tick: fc.integer({ min: 179_443_200, max: 179_443_260 }),
});

const request = (number: number): fc.Arbitrary<SampleRequest> =>
  fc.record({
    number: fc.constant(number),
    tenant: fc.constantFrom(...TENANTS),
    attempts: fc.array(attempt, { maxLength: 3 }),
    state: fc.constantFrom('settled', 'voided', 'estimated'),
    amount: fc.option(fc.bigInt({ min: 0n, max: 10n ** 20n })),
  });

/** A log of some requests and breakers, interleaved; facts of one request keep their order. */
export const arbitraryFacts: fc.Arbitrary<Fact[]> = fc
  .integer({ min: 1, max: 12 })
  .chain((count) =>
    fc.tuple(
      fc.tuple(...Array.from({ length: count }, (_, number) => request(number))),
      fc.array(fc.tuple(fc.constantFrom('Opened' as const, 'Closed' as const), fc.constantFrom(...CANDIDATES)), {
        maxLength: 4,
      }),
      fc.infiniteStream(fc.nat()),
    ),
  )
  .map(([requests, breakers, picks]) =>
    interleave(
      [
        ...requests.map(factsOf),
        requests.filter(({ state }) => state === 'settled').map((one) => reusedFact(9_000 + one.number, one)),
        breakers.map(([state, candidate], index) => breakerFact(5_000 + index, state, candidate)),
      ],
      picks,
    ),
  );

function interleave(queues: Fact[][], picks: Iterator<number>): Fact[] {
  const facts: Fact[] = [];
  for (let open = queues.filter((queue) => queue.length > 0); open.length > 0; ) {
    const fact = open[Number(picks.next().value) % open.length]?.shift();
    if (fact !== undefined) facts.push(fact);
    open = open.filter((queue) => queue.length > 0);
  }
  return facts;
}
