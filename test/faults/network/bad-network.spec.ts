import { setTimeout as pause } from 'node:timers/promises';
import { describeWithKafka } from '../../engines/kafka-broker.js';
import type { FaultyProxy } from '../../engines/faulty-proxy.js';
import { Campaign } from '../campaign.js';
import { BookCheck } from '../lab/book-check.js';
import { ClusterUnderFault } from '../lab/cluster-under-fault.js';
import type { Crowd } from '../lab/crowd.js';
import type { Dice } from '../lab/dice.js';
import { moodyProvider } from '../lab/moody-provider.js';

const ROUND_MS_MAX = 300_000;
const CROWD_SIZE = 8;
const BAD_MS = 6_000;
const BAD_MS_NIGHTLY = 60_000;
/** What fits into a packet of Ethernet: each may be lost by itself. */
const PACKET_BYTES = 1_460;
const SLOW = { delayMs: 500, jitterMs: 200, sliceBytes: 700 };
const RESET_EVERY_MS_MAX = 800;
/** What no caller may hear of, however bad the network is. */
const NEVER = new Set(['budget_exhausted', 'journal_full', 'internal_error']);
/** Nor of this where only a few packets are lost. */
const NEVER_AT_FIVE_PERCENT = new Set([...NEVER, 'budget_held', 'ledger_unavailable', 'journal_unavailable']);

describeWithKafka('a bad network between all processes, engines and the provider', () => {
  const campaign = new Campaign('bad-network');
  const badMs = campaign.isNightly ? BAD_MS_NIGHTLY : BAD_MS;
  let premises: ClusterUnderFault;

  beforeAll(async () => {
    premises = await ClusterUnderFault.create(moodyProvider(campaign.dice(-1)), { hasRoads: true });
  });
  afterAll(async () => {
    campaign.report();
    await premises.discard();
  });

  const sum = (count: (proxy: FaultyProxy) => number): number =>
    premises.roads.all.reduce((total, proxy) => total + count(proxy), 0);
  const losing = (lossChance: number) => async (): Promise<void> => {
    const before = sum(({ counts }) => counts.lost);
    for (const proxy of premises.roads.all) proxy.slow({ lossChance, sliceBytes: PACKET_BYTES });
    await pause(badMs);
    const lost = sum(({ counts }) => counts.lost) - before;
    campaign.count(`packets_lost_at_${100 * lossChance}_percent`, lost);
    if (lost === 0) campaign.broken.push('no packet was lost');
  };
  const delaying = async (): Promise<void> => {
    const before = sum(({ counts }) => counts.delayed);
    for (const proxy of premises.roads.all) proxy.slow(SLOW);
    await pause(badMs);
    const delayed = sum(({ counts }) => counts.delayed) - before;
    campaign.count('packets_delayed', delayed);
    if (delayed === 0) campaign.broken.push('no packet was delayed');
  };
  const resetting = async (dice: Dice): Promise<void> => {
    const before = sum(({ counts }) => counts.cut);
    for (const overMs = performance.now() + badMs; performance.now() < overMs;) {
      for (const proxy of premises.roads.all) if (dice.oneIn(2)) proxy.cut('rst');
      await pause(dice.between(0, RESET_EVERY_MS_MAX));
    }
    const resets = sum(({ counts }) => counts.cut) - before;
    campaign.count('connections_reset', resets);
    if (resets === 0) campaign.broken.push('no connection was reset');
  };
  const faults = [
    { name: 'loss_30', strike: losing(0.3), never: NEVER },
    { name: 'delay', strike: delaying, never: NEVER },
    { name: 'resets', strike: resetting, never: NEVER },
    { name: 'loss_5', strike: losing(0.05), never: NEVER_AT_FIVE_PERCENT },
  ] as const;

  const assertAnswered = (crowds: readonly Crowd[], before: readonly number[]): void => {
    const answered = crowds.map(({ answeredWell }, index) => answeredWell - (before[index] ?? 0));
    for (const count of answered) campaign.count('answered_meanwhile', count);
    if (answered.includes(0)) campaign.broken.push(`answered while the network was bad: ${answered.join(' ')}`);
  };

  it(
    'corrupts nothing, loses nothing and books nothing twice',
    async () => {
      const books = new BookCheck(campaign, premises);
      for (let round = 1; round <= campaign.rounds; round += 1) {
        const dice = campaign.dice(round);
        const { name, strike, never } = faults[(campaign.seed + round) % faults.length] ?? faults[0];
        const crowds = premises.crowds(`r${round}`, dice, CROWD_SIZE);
        await Promise.all(crowds.map((crowd) => crowd.answered(1)));
        const before = crowds.map(({ answeredWell }) => answeredWell);
        await strike(dice);
        campaign.injected += 1;
        campaign.count(name);
        premises.roads.heal();
        assertAnswered(crowds, before);
        await Promise.all(crowds.map((crowd) => crowd.stop()));
        const { received, refused } = await premises.askAfterwards(`a${round}`, dice);
        campaign.broken.push(...refused);
        const answers = [...crowds.flatMap((crowd) => crowd.received), ...received];
        for (const { code, clientId } of answers)
          if (never.has(code)) campaign.broken.push(`${clientId} was refused with ${code} at ${name}`);
        const healedMs = performance.now();
        await premises.settled();
        campaign.count(`${name}_settled_ms`, Math.round(performance.now() - healedMs));
        await books.check(answers);

        campaign.assertSound(round);
      }
      await books.checkAtRest();
      campaign.lost.push(...(await premises.shippingDifferences()));
      campaign.broken.push(...(await premises.rebuildDifferences()));
      campaign.assertSound(campaign.rounds);
    },
    campaign.rounds * ROUND_MS_MAX,
  );
});
