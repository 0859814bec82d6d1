import { setTimeout as pause } from 'node:timers/promises';
import { Campaign } from '../campaign.js';
import { BookCheck } from '../lab/book-check.js';
import type { Dice } from '../lab/dice.js';
import { installationFor } from '../lab/installation-under-fault.js';

const REBUILD_EVERY = 5;
const ROUND_MS_MAX = 120_000;
/** The kill comes at a random moment between the first answers and this much later. */
const LOAD_MS_MAX = 1_500;
const BOOT_MS_MAX = 2_000;

describe('kill -9 of the gateway under load', () => {
  const campaign = new Campaign('kill-gateway');
  const installation = installationFor(campaign);

  /** Who dies together with the gateway. */
  const victims = (dice: Dice): (number | null)[] => {
    const [projector, postmaster] = [installation().projectorPid(), installation().postmasterPid()];
    return dice.pick([[], [], [], [projector], [postmaster], [projector, postmaster]]);
  };

  it(
    'loses no answered request, books none twice, and leaves nothing held',
    async () => {
      const books = new BookCheck(campaign, installation());
      let isStrict = false;
      for (let round = 1; round <= campaign.rounds; round += 1) {
        const dice = campaign.dice(round);
        installation().upstream.calls.length = 0;
        const crowd = installation().crowd({ name: `r${round}`, dice });
        await crowd.answered(1);
        await pause(dice.between(0, LOAD_MS_MAX));
        await installation().kill(...victims(dice));
        campaign.injected += 1;
        await crowd.stop();
        const called = installation().upstream.calls.map(({ body }) => String(body['user']));
        if (isStrict) campaign.lost.push(...(await books.unbookedCalls(called)));

        isStrict = dice.oneIn(4);
        const environment = { DURABILITY: isStrict ? 'strict' : 'overlapped' };
        if (dice.oneIn(4)) {
          await installation().launch(environment);
          await pause(dice.between(0, BOOT_MS_MAX));
          await installation().kill();
          campaign.injected += 1;
        }
        await installation().start(environment);
        await books.check(crowd.received);
        await books.checkAtRest();
        if (round % REBUILD_EVERY === 0 || round === campaign.rounds)
          campaign.broken.push(...(await installation().rebuildDifferences()));
        campaign.assertSound(round);
      }
    },
    campaign.rounds * ROUND_MS_MAX,
  );
});
