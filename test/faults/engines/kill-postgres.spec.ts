import { setTimeout as pause } from 'node:timers/promises';
import { Campaign } from '../campaign.js';
import { BookCheck } from '../lab/book-check.js';
import { InstalledDatabase } from '../lab/installed-database.js';
import { InstallationUnderFault, gone, killHard } from '../lab/installation-under-fault.js';
import { moodyProvider } from '../lab/moody-provider.js';

const ROUND_MS_MAX = 120_000;
const LOAD_MS_MAX = 1_500;
/** What is promised; in seconds it is usually two. */
const BACK_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 10;
/** One per cent of a budget is leased at a time. */
const BUDGETS_USD = ['100000000.00', '50000000.00'] as const;
const WITHOUT_AUTHORITY = 'ledger_unavailable';

describe('kill -9 of the embedded PostgreSQL under load', () => {
  const campaign = new Campaign('kill-postgres');
  let installation: InstallationUnderFault;
  let isSound = false;

  beforeAll(async () => {
    installation = await InstallationUnderFault.create(moodyProvider(campaign.dice(-1)), {
      budgetsUsd: BUDGETS_USD,
    });
    await installation.start();
  });
  afterAll(async () => {
    campaign.report();
    await installation.discard(!isSound);
  });

  const kill = async (): Promise<void> => {
    const pid = installation.postmasterPid();
    if (pid === null) throw new Error('PostgreSQL does not run');
    killHard(pid);
    await gone(pid);
    campaign.injected += 1;
  };
  /** Resolves when a new server answers. */
  const isBack = async (): Promise<void> => {
    for (;;) {
      const database = await InstalledDatabase.connect(installation.dataDir).catch(() => null);
      if (database !== null) return database.close();
      await pause(LOOK_EVERY_MS);
    }
  };

  it(
    'leaves requests answered that have money in hand, and loses nothing',
    async () => {
      const books = new BookCheck(campaign, installation);
      for (let round = 1; round <= campaign.rounds; round += 1) {
        const dice = campaign.dice(round);
        const crowd = installation.crowd({ name: `r${round}`, dice });
        await crowd.answered(1);
        await pause(dice.between(0, LOAD_MS_MAX));
        await kill();
        const [killedMs, before] = [performance.now(), crowd.answeredWell];
        await isBack();
        const outageMs = performance.now() - killedMs;
        if (outageMs > BACK_WITHIN_MS) campaign.broken.push(`PostgreSQL was back after ${Math.round(outageMs)} ms`);
        campaign.count('outages_ms', Math.round(outageMs));
        campaign.count('answered_meanwhile', crowd.answeredWell - before);
        if (crowd.answeredWell === before) campaign.broken.push('nobody was answered while PostgreSQL was away');
        await crowd.stop();
        // In the first round the first slices may be on their way when the authority dies: the ledger fails closed.
        // Later on there is more in hand than all rounds cost, and nobody may be refused.
        const answers = crowd.received.filter(({ code }) => code !== WITHOUT_AUTHORITY);
        campaign.count('refused_without_authority', crowd.received.length - answers.length);
        await books.check(round === 1 ? answers : crowd.received);
        campaign.assertSound(round);
      }
      await books.checkAtRest();
      campaign.broken.push(...(await installation.rebuildDifferences()));
      campaign.assertSound(campaign.rounds);
      isSound = true;
    },
    campaign.rounds * ROUND_MS_MAX,
  );
});
