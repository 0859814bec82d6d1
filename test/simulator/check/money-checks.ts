import { BudgetTree, periodKey } from '#ledger';
import type { Replica } from '../replica/replica.js';
import type { World } from '../world/world.js';
import { nameOf, type JournalBooks } from './journal-books.js';

/** Invariants of money that hold at every moment. */
export async function checkMoney(world: World, replicas: readonly Replica[], books: JournalBooks): Promise<void> {
  await books.update();
  world.sweep();
  const open = books.openHolds(world.underWay);
  for (const account of world.authority.accounts.values()) {
    const name = nameOf(account);
    const { limitNanoUsd, committedNanoUsd } = world.authority.books.standingOf(account);
    const ceiling = limitNanoUsd + (books.overrun.get(name) ?? 0n);
    const taken = (books.charged.get(name) ?? 0n) + (open.get(name) ?? 0n);
    if (taken > ceiling)
      world.broken('I1', `${name}: ${taken} charged and held, ${ceiling} is the limit with overruns`);
    if (committedNanoUsd > ceiling) world.broken('I1', `${name}: ${committedNanoUsd} granted of ${ceiling}`);
  }
  for (const requestId of books.chargedTwice) world.broken('I6', `${requestId} is charged twice`);
  for (const replica of replicas) {
    checkHolds(world, replica);
    await checkSlices(world, replica, books);
  }
}

/** I1, slot by slot: nobody counts on money that the authority does not count as spent, but for overruns. */
async function checkSlices(world: World, { core, process, slot }: Replica, books: JournalBooks): Promise<void> {
  const { authority, network } = world;
  if (core === null || !process.alive || network.requestsUnderWay(process, authority.server) > 0) return;
  const slices = await authority.slicesOf(slot);
  const granted = new Map(slices.map(({ committedNanoUsd, ...key }) => [nameOf(key), committedNanoUsd]));
  for (const { sliceNanoUsd, ...key } of core.budgets.snapshot().accounts) {
    const name = nameOf(key);
    const most = (granted.get(name) ?? 0n) + (books.overrun.get(name) ?? 0n);
    if (sliceNanoUsd > most)
      world.broken('I1', `${process.name} counts on ${sliceNanoUsd} of ${name}, and has ${most}`);
  }
}

/** I2: what a book holds is the sum of the holds of requests that are under way, level by level. */
function checkHolds(world: World, { core, process }: Replica): void {
  if (core === null || !process.alive) return;
  const { accounts, openHolds } = core.budgets.snapshot();
  const held = new Map<string, bigint>();
  let count = 0;
  for (const { hold, process: of } of world.underWay) {
    if (of !== process || hold === null || hold.outcome !== null) continue;
    count += 1;
    for (const key of hold.budgets) held.set(nameOf(key), (held.get(nameOf(key)) ?? 0n) + hold.amountNanoUsd);
  }
  if (count !== openHolds)
    world.broken('I2', `${process.name}: ${openHolds} holds in the book, ${count} requests under way`);
  for (const { heldNanoUsd, ...key } of accounts) {
    const sum = held.get(nameOf(key)) ?? 0n;
    if (sum !== heldNanoUsd)
      world.broken('I2', `${process.name}, ${nameOf(key)}: ${heldNanoUsd} held, ${sum} by requests`);
  }
}

/** I4: nothing stays held, and a hold that is over stays as it ended. */
export function checkNothingHeld(world: World, replicas: readonly Replica[]): void {
  for (const { core, process } of replicas) {
    if (core === null) {
      world.broken('recovery', `${process.name} does not take requests`);
      continue;
    }
    const before = core.budgets.snapshot();
    if (before.openHolds > 0) world.broken('I4', `${process.name}: ${before.openHolds} holds stay`);
    for (const { hold, process: of } of world.asks) {
      if (of !== process || hold === null || hold.outcome === null) continue;
      const first = hold.outcome;
      if (core.budgets.settle(hold, 1n) !== first || core.budgets.void(hold) !== first)
        world.broken('I4', 'a hold ended twice');
    }
    const [one, other] = [before, core.budgets.snapshot()].map(({ accounts }) =>
      accounts.map((each) => each.usedNanoUsd).join(),
    );
    if (one !== other) world.broken('I4', `${process.name}: ending a hold again changes what is used`);
  }
}

/** I5, I9, I10: when everybody is back, the authority has what the journals have, in each period, and no more. */
export function checkAuthority(world: World, books: JournalBooks): void {
  for (const account of world.authority.accounts.values()) {
    const name = nameOf(account);
    const { committedNanoUsd, usedNanoUsd } = world.authority.books.standingOf(account);
    const charged = books.charged.get(name) ?? 0n;
    if (usedNanoUsd !== charged)
      world.broken('I5', `${name}: the authority knows of ${usedNanoUsd}, ${charged} is charged`);
    if (committedNanoUsd !== usedNanoUsd)
      world.broken('I9', `${name}: ${committedNanoUsd} granted, ${usedNanoUsd} used`);
  }
  for (const [name, charged] of books.charged) {
    if (charged > 0n && !world.authority.accounts.has(name))
      world.broken('I10', `${name}: the authority never heard of it`);
  }
  // I3: the parent has what its children have.
  for (const name of books.charged.keys()) {
    const [budget, period] = name.split('/');
    if (budget !== 'org') continue;
    const children = (books.charged.get(`prj-1/${period}`) ?? 0n) + (books.charged.get(`prj-2/${period}`) ?? 0n);
    if (books.charged.get(name) !== children) world.broken('I3', `${name}: not the sum of its projects`);
  }
}

/** I9: what the limits leave can be held to the last nano-USD at one replica, and not one more at another. */
export async function checkNoPhantomRefusal(world: World, replicas: readonly Replica[]): Promise<void> {
  const [one, other] = replicas;
  const budgets = new BudgetTree(world.budgets).above({ org: 'org', project: 'p2', key: 'k3' });
  const left = (): bigint => {
    const lefts = budgets.map(({ id, period, limitNanoUsd }) => {
      const account = { budgetId: id, period: periodKey(period, one!.clock.epochMs()) };
      return limitNanoUsd - world.authority.books.standingOf(account).usedNanoUsd;
    });
    return lefts.reduce((least, each) => (each < least ? each : least));
  };
  const holds = async ({ core, clock }: Replica, amountNanoUsd: bigint): Promise<string> => {
    const request = { holdId: 'last', requestId: 'last', budgets, amountNanoUsd, leastNanoUsd: amountNanoUsd };
    for (;;) {
      const moment = { epochMs: clock.epochMs(), monotonicMs: clock.monotonicMs() };
      const told = await core!.budgets.hold({ ...request, ...moment }).then(
        () => 'held',
        ({ code }: { code: string }) => code,
      );
      if (told !== 'ledger_unavailable') return told; // a message that came late: whoever is told so asks again
    }
  };
  one!.clockShift.ms = other!.clockShift.ms = 0;
  const amount = left();
  if (amount <= 0n) return;
  const all = await one!.within(() => holds(one!, amount));
  if (all !== 'held') world.broken('I9', `${amount} are left, and whoever asks for them is told ${all}`);
  const more = await other!.within(() => holds(other!, 1n));
  if (!/^budget_(held|exhausted)$/.test(more))
    world.broken('I1', `all is held, and whoever asks for more is told ${more}`);
}
