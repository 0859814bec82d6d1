import { setTimeout as pause } from 'node:timers/promises';
import { describeWithKafka } from '../../engines/kafka-broker.js';
import { Campaign } from '../campaign.js';
import { BookCheck } from '../lab/book-check.js';
import { ClusterUnderFault } from '../lab/cluster-under-fault.js';
import type { Crowd } from '../lab/crowd.js';
import type { Dice } from '../lab/dice.js';
import { moodyProvider } from '../lab/moody-provider.js';

const ROUND_MS_MAX = 120_000;
const CHECK_EVERY = 8;
const QUIET_MS_MAX = 1_500;
/** How long it stays dead; a projector's partitions go to the other one meanwhile, or do not. */
const DEAD_MS_MAX = 4_000;
/** In every other block money is scarce: room for some dozen holds, and a few more at every kill. */
const TIGHT_NANO_USD = 1_000_000_000n;
const MORE_NANO_USD = 300_000_000n;
const AMPLE_NANO_USD = 50_000_000_000_000n;
const TIGHT_CROWD_SIZE = 20;
/** What there is reason to refuse somebody with while it is. */
const NO_MONEY = new Set(['budget_exhausted', 'budget_held']);

describeWithKafka('kill -9 of any process of a cluster under load', () => {
  const campaign = new Campaign('kill-cluster');
  let premises: ClusterUnderFault;

  beforeAll(async () => {
    premises = await ClusterUnderFault.create(moodyProvider(campaign.dice(-1)));
  });
  afterAll(async () => {
    campaign.report();
    await premises.discard();
  });

  const isTight = (round: number): boolean => Math.floor((round - 1) / CHECK_EVERY) % 2 === 1;

  const killOne = async (dice: Dice): Promise<void> => {
    await pause(dice.between(0, QUIET_MS_MAX));
    const victim = dice.pick(premises.victims());
    await victim.kill();
    campaign.injected += 1;
    campaign.count(victim.name);
    await pause(dice.between(0, DEAD_MS_MAX));
    await victim.revive();
  };

  /** Slices that are still leased would last for long. */
  const makeScarce = async (books: BookCheck): Promise<void> => {
    await books.checkReturned();
    await premises.leaveRoom(TIGHT_NANO_USD);
  };
  /** What was spent, and by how many who asked in vain: it was scarce indeed. */
  const endScarcity = async (books: BookCheck, crowds: readonly Crowd[]): Promise<void> => {
    await premises.endScarcity(books, crowds, AMPLE_NANO_USD);
    const codes = crowds.flatMap(({ received }) => received).map(({ code }) => code);
    const refused = codes.filter((code) => NO_MONEY.has(code)).length;
    campaign.count('refused_for_want_of_money', refused);
    if (refused === 0 || refused === codes.length) campaign.broken.push(`${refused} of ${codes.length} had no money`);
  };

  it(
    'loses no answered request, books none twice, and keeps every budget, scarce or not',
    async () => {
      const books = new BookCheck(campaign, premises);
      let crowds: Crowd[] = [];
      for (let round = 1; round <= campaign.rounds; round += 1) {
        const dice = campaign.dice(round);
        const isScarce = isTight(round);
        if (crowds.length === 0 && isScarce) await makeScarce(books);
        else if (isScarce) await premises.addRoom(MORE_NANO_USD);
        if (crowds.length === 0) crowds = premises.crowds(`r${round}`, dice, isScarce ? TIGHT_CROWD_SIZE : undefined);
        await Promise.all(crowds.map((crowd) => crowd.answered(1)));
        await killOne(dice);

        if (round % CHECK_EVERY !== 0 && round !== campaign.rounds) continue;
        if (isScarce) await endScarcity(books, crowds);
        campaign.broken.push(...(await premises.closeBooks(books, crowds, isScarce ? NO_MONEY : undefined)));
        campaign.assertSound(round);
        crowds = [];
      }
    },
    campaign.rounds * ROUND_MS_MAX,
  );
});
