import { setTimeout as pause } from 'node:timers/promises';
import { describeWithKafka } from '../../engines/kafka-broker.js';
import { Campaign } from '../campaign.js';
import { BookCheck } from '../lab/book-check.js';
import { ClusterUnderFault } from '../lab/cluster-under-fault.js';
import type { Crowd } from '../lab/crowd.js';
import { moodyProvider } from '../lab/moody-provider.js';

const ROUND_MS_MAX = 120_000;
const CHECK_EVERY = 8;
const QUIET_MS_MAX = 1_500;
/** How long it stays dead; a projector's partitions go to the other one meanwhile, or do not. */
const DEAD_MS_MAX = 4_000;

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

  it(
    'loses no answered request, books none twice, and keeps every budget',
    async () => {
      const books = new BookCheck(campaign, premises);
      let crowds: Crowd[] = [];
      for (let round = 1; round <= campaign.rounds; round += 1) {
        const dice = campaign.dice(round);
        if (crowds.length === 0) crowds = premises.crowds(`r${round}`, dice);
        await Promise.all(crowds.map((crowd) => crowd.answered(1)));
        await pause(dice.between(0, QUIET_MS_MAX));
        const victim = dice.pick(premises.victims());
        await victim.kill();
        campaign.injected += 1;
        campaign.count(victim.name);
        await pause(dice.between(0, DEAD_MS_MAX));
        await victim.revive();

        if (round % CHECK_EVERY !== 0 && round !== campaign.rounds) continue;
        campaign.broken.push(...(await premises.closeBooks(books, crowds)));
        campaign.assertSound(round);
        crowds = [];
      }
    },
    campaign.rounds * ROUND_MS_MAX,
  );
});
