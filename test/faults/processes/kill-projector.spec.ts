import { setTimeout as pause } from 'node:timers/promises';
import { Campaign } from '../campaign.js';
import { BookCheck } from '../lab/book-check.js';
import { gone, installationFor, killHard } from '../lab/installation-under-fault.js';

const REBUILD_EVERY = 5;
const ROUND_MS_MAX = 120_000;
const LOAD_MS_MAX = 1_500;
const LOOK_EVERY_MS = 10;

describe('kill -9 of the projector under load', () => {
  const campaign = new Campaign('kill-projector');
  const installation = installationFor(campaign);

  /** The projector that runs now, waited for: the gateway starts the next one after a pause. */
  const projector = async (): Promise<number> => {
    for (;;) {
      const pid = installation().projectorPid();
      if (pid !== null) return pid;
      await pause(LOOK_EVERY_MS);
    }
  };
  const kill = async (): Promise<void> => {
    const pid = await projector();
    killHard(pid);
    await gone(pid);
    campaign.injected += 1;
  };

  it(
    'leaves tables that are the fold of the log, with nothing twice',
    async () => {
      const books = new BookCheck(campaign, installation());
      for (let round = 1; round <= campaign.rounds; round += 1) {
        const dice = campaign.dice(round);
        const crowd = installation().crowd({ name: `r${round}`, dice });
        await crowd.answered(1);
        await pause(dice.between(0, LOAD_MS_MAX));
        await kill();
        if (dice.oneIn(4)) await kill(); // while it starts
        await projector();
        await crowd.stop();
        await books.check(crowd.received);
        if (round % REBUILD_EVERY === 0 || round === campaign.rounds)
          campaign.broken.push(...(await installation().rebuildDifferences()));
        campaign.assertSound(round);
      }
      await books.checkAtRest();
      campaign.assertSound(campaign.rounds);
    },
    campaign.rounds * ROUND_MS_MAX,
  );
});
