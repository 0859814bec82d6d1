import { setImmediate as rest } from 'node:timers/promises';
import fc from 'fast-check';
import { BUDGETS, ReplicaFleet, UNIT, type Weather } from './__fixtures__/replica-fleet.js';
import { periodKey, type AccountKey } from './budgets/budget.js';

/** Something that happens to the fleet. */
interface Step {
  readonly name: string;
  readonly run: (fleet: ReplicaFleet) => void | Promise<unknown>;
}

const replica = fc.nat(2);
const asked = fc
  .record({ key: fc.constantFrom<1 | 2>(1, 2), amount: fc.bigInt(1n, 400n * UNIT), least: fc.bigInt(0n, 100n * UNIT) })
  .map(({ key, amount, least }) => ({ key, amount, least: least === 0n || least > amount ? amount : least }));
const step = (name: string, run: Step['run']): Step => ({ name, run });

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .array(fc.tuple(replica, asked), { minLength: 1, maxLength: 8 })
      .map((wishes) =>
        step(`hold ${wishes.map(([at, { key, amount }]) => `${at}:k${key}:${amount}`).join(' ')}`, (fleet) =>
          Promise.all(wishes.map(([at, wish]) => fleet.hold(at, wish))),
        ),
      ),
  },
  { weight: 5, arbitrary: replica.map((at) => step(`route ${at}`, (fleet) => fleet.route(at))) },
  { weight: 1, arbitrary: replica.map((at) => step(`abandon ${at}`, (fleet) => fleet.abandon(at))) },
  {
    weight: 5,
    arbitrary: fc
      .tuple(replica, fc.oneof(fc.bigInt(0n, 100n), fc.constant(100n)))
      .map(([at, percent]) => step(`charge ${at} ${percent}%`, (fleet) => fleet.charge(at, percent))),
  },
  {
    weight: 1,
    arbitrary: replica.map((at) => step(`overrun ${at}`, (fleet) => fleet.charge(at, 130n))),
  },
  {
    weight: 1,
    arbitrary: replica.map((at) => step(`die charging ${at}`, (fleet) => fleet.charge(at, 50n, { dies: true }))),
  },
  { weight: 1, arbitrary: replica.map((at) => step(`kill ${at}`, (fleet) => fleet.kill(at))) },
  { weight: 2, arbitrary: replica.map((at) => step(`boot ${at}`, (fleet) => fleet.boot(at))) },
  { weight: 2, arbitrary: replica.map((at) => step(`save ${at}`, (fleet) => fleet.save(at))) },
  { weight: 2, arbitrary: replica.map((at) => step(`tend ${at}`, (fleet) => fleet.tend(at))) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(1_000, 12_000, 40_000, 24 * 3_600_000, 4 * 24 * 3_600_000)
      .map((ms) => step(`pass ${ms}`, (fleet) => fleet.pass(ms))),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(replica, fc.array(fc.constantFrom<Weather>('fair', 'request lost', 'reply lost'), { maxLength: 4 }))
      .map(([at, weather]) =>
        step(`weather ${at} ${weather.join()}`, (fleet) => void fleet.authority.weather.set(`slot-${at}`, weather)),
      ),
  },
  {
    weight: 3,
    arbitrary: fc
      .array(fc.nat(6), { maxLength: 30 })
      .map((delays) => step(`delays ${delays.join()}`, (fleet) => void (fleet.authority.delays = delays))),
  },
);

const nameOf = ({ budgetId, period }: AccountKey): string => `${budgetId}/${period}`;

/** The invariants of RELIABILITY.md §5 that can be seen at any moment. */
function expectInvariants(fleet: ReplicaFleet): void {
  for (const account of fleet.accounts) {
    const { limitNanoUsd, committedNanoUsd } = fleet.authority.standingOf(account);
    const ceiling = limitNanoUsd + fleet.overrunOf(account);
    const [charged, held] = [fleet.chargedTo(account), fleet.heldIn(account)];
    const seen = { account: nameOf(account), charged, held, committedNanoUsd, ceiling };
    // I1: nothing beyond the limit but what providers billed beyond the bound.
    expect({ ...seen, within: charged + held <= ceiling && committedNanoUsd <= ceiling }).toEqual({
      ...seen,
      within: true,
    });
  }
  for (const { book, held, routed } of fleet.replicas) {
    if (book === null) continue;
    const { accounts, openHolds } = book.snapshot();
    const open = [...held, ...routed];
    expect(openHolds).toBe(open.length);
    for (const { budgetId, period, heldNanoUsd } of accounts) {
      // I2: what is held is the sum of the open holds, per level.
      const mine = open.filter(({ hold }) =>
        hold.budgets.some((each) => each.budgetId === budgetId && each.period === period),
      );
      expect(heldNanoUsd).toBe(mine.reduce((total, { hold }) => total + hold.amountNanoUsd, 0n));
    }
  }
  // I3: the parent has what its children have.
  for (const period of ['2026-11', '2026-12', '2027-01']) {
    const children = fleet.chargedTo({ budgetId: 'prj-1', period }) + fleet.chargedTo({ budgetId: 'prj-2', period });
    expect(fleet.chargedTo({ budgetId: 'org', period })).toBe(children);
  }
  // I6: one charge per request at most.
  const ids = fleet.charges.map(({ request_id: id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
}

/** The invariants that hold once every replica has been killed and started again. */
async function expectRecovered(fleet: ReplicaFleet): Promise<void> {
  for (const [index] of fleet.replicas.entries()) {
    fleet.kill(index);
    // I11, I12: from the checkpoint as from the beginning, once as twice.
    const [once, twice, whole] = [
      await fleet.recover(index),
      await fleet.recover(index),
      await fleet.recover(index, null),
    ];
    expect(twice).toEqual(once);
    expect(sorted(once.used)).toEqual(sorted(whole.used));
    expect(once.open.map(({ request_id: id }) => id)).toEqual(whole.open.map(({ request_id: id }) => id));
    await fleet.boot(index);
  }
  // I7: every routed request is charged.
  const charged = fleet.charges.map(({ request_id: id }) => id);
  expect(fleet.routedRequests.map(({ request_id: id }) => id).toSorted()).toEqual(charged.toSorted());
  for (const account of fleet.accounts) {
    // I5, I9, I10: the authority has what the journals have, in each period; nothing else is committed.
    const used = fleet.chargedTo(account);
    expect({ account: nameOf(account), ...fleet.authority.standingOf(account) }).toMatchObject({
      account: nameOf(account),
      committedNanoUsd: used,
      usedNanoUsd: used,
    });
  }
}

const sorted = (used: readonly (AccountKey & { readonly usedNanoUsd: bigint })[]) =>
  used
    .filter(({ usedNanoUsd }) => usedNanoUsd !== 0n)
    .map((use) => `${nameOf(use)} ${use.usedNanoUsd}`)
    .toSorted();

/** I9: what the limits leave can be held to the last nano-USD, and not one more. */
async function expectNoPhantomRefusal(fleet: ReplicaFleet): Promise<void> {
  const left = BUDGETS.filter(({ id }) => id === 'org' || id === 'prj-2').map(({ id, period, limitNanoUsd }) => {
    const { usedNanoUsd } = fleet.authority.standingOf({ budgetId: id, period: periodKey(period, fleet.epochMs) });
    return limitNanoUsd - usedNanoUsd;
  });
  const amount = left.reduce((least, each) => (each < least ? each : least));
  if (amount > 0n) expect(await fleet.hold(0, { key: 2, amount, least: amount })).toBe(true);
  expect(await fleet.hold(1, { key: 2, amount: 1n, least: 1n })).toBe(false);
}

describe('three replicas on one budget tree', () => {
  it('keep the invariants of reliability through holds, charges, crashes, losses and new periods', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 5, maxLength: 60 }), async (history) => {
        const fleet = await ReplicaFleet.start();
        for (const { run } of history) {
          await run(fleet);
          await rest(); // what nobody waits for, such as the booking of an overrun

          expectInvariants(fleet);
        }
        fleet.authority.delays = [];
        await expectRecovered(fleet);
        await expectNoPhantomRefusal(fleet);
      }),
      { numRuns: 200 },
    );
  });

  it('accept exactly what the limit pays for when 200 requests arrive at once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.bigInt(3n * UNIT, 40n * UNIT),
        fc.array(fc.nat(9), { maxLength: 400 }),
        async (cost, delays) => {
          const fleet = await ReplicaFleet.start();
          fleet.authority.delays = delays;
          const answers = await Promise.all(
            Array.from({ length: 200 }, (_, index) => fleet.hold(index % 3, { key: 2, amount: cost, least: cost })),
          );
          const accepted = BigInt(answers.filter(Boolean).length);
          // Key 2 has no budget of its own; its project's 600 units are the narrowest above it.
          expect(accepted * cost).toBeLessThanOrEqual(600n * UNIT);
          expectInvariants(fleet);
          for (let index = 0; index < 200; index++) {
            fleet.route(index % 3);
            fleet.charge(index % 3, 100n);
          }
          await rest();
          expect(fleet.chargedTo({ budgetId: 'prj-2', period: '2026-11' })).toBe(accepted * cost);
          fleet.authority.delays = [];
          await expectRecovered(fleet);
          await expectNoPhantomRefusal(fleet);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('use up a budget to the last request that it pays for', async () => {
    const fleet = await ReplicaFleet.start();
    let accepted = 0n;
    for (let turn = 0; turn < 300; turn++) {
      if (!(await fleet.hold(turn % 3, { key: 2, amount: 7n * UNIT, least: 7n * UNIT }))) continue;
      accepted += 1n;
      fleet.route(turn % 3);
      fleet.charge(turn % 3, 100n);
    }
    expect(accepted).toBe(600n / 7n);
  });
});
