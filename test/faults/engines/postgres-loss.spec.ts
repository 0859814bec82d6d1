import { setTimeout as pause } from 'node:timers/promises';
import { waitUntil } from '../../engines/wait-until.js';
import { Campaign } from '../campaign.js';
import { BookCheck } from '../lab/book-check.js';
import { installationFor } from '../lab/installation-under-fault.js';
import { TableQuestions, postgresAnswers, postgresFaults } from './postgres-faults.js';

const ROUND_MS_MAX = 120_000;
const LOAD_MS_MAX = 1_500;
/** How long rows stay locked, or all connections taken. */
const AWAY_MS_MAX = 3_000;
/** One per cent of a budget is leased at a time. */
const BUDGETS_USD = ['100000000.00', '50000000.00'] as const;
const WITHOUT_AUTHORITY = 'ledger_unavailable';

describe('PostgreSQL killed, without a free connection, its rows locked, under load', () => {
  const campaign = new Campaign('postgres-loss');
  const installation = installationFor(campaign, {
    budgetsUsd: BUDGETS_USD,
  });

  it(
    'leaves requests answered that have money in hand, and loses nothing',
    async () => {
      const books = new BookCheck(campaign, installation());
      for (let round = 1; round <= campaign.rounds; round += 1) {
        const dice = campaign.dice(round);
        const crowd = installation().crowd({ name: `r${round}`, dice });
        await waitUntil(() => crowd.answeredWell > 0); // there is money in hand
        await pause(dice.between(0, LOAD_MS_MAX));
        const faults = postgresFaults(installation());
        const fault = faults[(round - 1) % faults.length] ?? faults[0];
        const before = crowd.answeredWell;
        const questions = new TableQuestions(installation());
        await fault.strike(dice.between(0, AWAY_MS_MAX));
        campaign.injected += 1;
        campaign.count(fault.name);
        const endedMs = performance.now();
        await postgresAnswers(installation());
        campaign.most('slowest_return_ms', Math.round(performance.now() - endedMs));
        await questions.stop();
        campaign.count('tables_refused', questions.refused);
        campaign.broken.push(...questions.wrong);
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
      campaign.broken.push(...(await installation().rebuildDifferences()));
      campaign.assertSound(campaign.rounds);
    },
    campaign.rounds * ROUND_MS_MAX,
  );
});
