import type { BudgetCharged, Outcome } from '#contracts';
import type { World } from '../world/world.js';
import type { Exchange } from '../world/provider.js';
import type { JournalBooks } from './journal-books.js';

/** I7: every request that was routed is charged once, and so is every answer that a caller has seen a part of. */
export function checkRequests(world: World, books: JournalBooks): void {
  for (const requestId of books.routed.keys()) {
    if (!books.charges.has(requestId)) world.broken('I7', `${requestId} is routed and not charged`);
  }
  for (const { requestId, response, number } of world.asks) {
    if (!response.begun) continue;
    const charges = books.charges.get(requestId) ?? [];
    if (charges.length !== 1 || !books.routed.has(requestId)) {
      world.broken('I7', `request ${number} was answered and is ${charges.length} times in the books`);
    }
  }
  const exchanges = Map.groupBy(world.providers.exchanges, ({ request }) => request);
  for (const { requestId, number, losers } of world.asks) {
    for (const charge of books.charges.get(requestId) ?? []) {
      checkTruth(world, charge, { number, losers, exchanges: exchanges.get(number) ?? [] });
    }
  }
}

const GIVEN_UP: ReadonlySet<string> = new Set<Outcome | 'crash_recovery'>([
  'crash_recovery',
  'client_gone',
  'cancelled',
]);

/** What providers say they did is what is charged: their own counts to the token, and estimates only without any. */
function checkTruth(
  world: World,
  charge: BudgetCharged,
  { number, losers, exchanges }: { number: number; losers: readonly string[]; exchanges: readonly Exchange[] },
): void {
  if (charge.lines.length === 0 && GIVEN_UP.has(charge.reason)) return; // at the hold
  const lines = [...charge.lines];
  const take = (matches: (line: BudgetCharged['lines'][number]) => boolean): boolean => {
    const index = lines.findIndex(matches);
    if (index >= 0) lines.splice(index, 1);
    return index >= 0;
  };
  for (const { told, complete, candidate } of exchanges) {
    if (!complete) continue;
    const isBilled = take(({ candidate: billed, usage, estimated }) => {
      if (billed !== candidate) return false;
      return told === null ? estimated : !estimated && usage.uncached === told.input && usage.output === told.output;
    });
    const count = told === null ? 'no count' : `${told.input} and ${told.output} tokens`;
    if (!isBilled)
      world.broken('truth', `request ${number}: ${candidate} answered with ${count}, which is not what is charged`);
  }
  for (const candidate of losers) {
    if (!take((line) => line.candidate === candidate))
      world.broken('truth', `request ${number}: the loser ${candidate} is not charged`);
  }
}
