import { setTimeout as pause } from 'node:timers/promises';
import { waitUntil } from '../../engines/wait-until.js';
import { Campaign } from '../campaign.js';
import { BookCheck } from '../lab/book-check.js';
import { FakedClock, describeWithFakedClock } from '../lab/faked-clock.js';
import { AMPLE_LIMIT, InstallationUnderFault } from '../lab/installation-under-fault.js';
import { moodyProvider } from '../lab/moody-provider.js';

const ROUND_MS_MAX = 120_000;
const LOAD_MS_MAX = 1_000;
const HOUR_S = 3_600;
/** So long before a month ends the clock is set to; the rest it goes by itself, under load. */
const BEFORE_MONTH_END_S = 3;
/** How exact a clock is seen to be: `Date` of an answer has whole seconds, and libfaketime looks once in one. */
const SEEN_WITHIN_S = 5;

/** Budgets whose periods end, and a limit that nobody reaches: what is counted by a clock. */
const SETTINGS = {
  budgets: [
    { name: 'monthly', scope: 'project', of: 'default', period: 'month', limitUsd: '100000.00' },
    { name: 'daily', scope: 'key', of: 'bootstrap', period: 'day', limitUsd: '50000.00' },
  ],
  limits: [AMPLE_LIMIT],
};
/** What no caller may hear of because of a clock. */
const NEVER = new Set([
  'rate_limit_exceeded',
  'internal_error',
  'invalid_api_key',
  'journal_unavailable',
  'journal_full',
  'provider_timeout',
]);

/** Seconds to go until a month, UTC, has so many left. */
function untilMonthEnd(leftS: number): number {
  const now = new Date();
  const monthEndMs = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1);
  return Math.round((monthEndMs - now.getTime()) / 1000) - leftS;
}

/** Offsets that the clock is set to one after the other; each round ends at the true time again. */
const JUMPS: readonly { readonly name: string; readonly offsets: () => readonly number[] }[] = [
  { name: 'hour_ahead', offsets: () => [HOUR_S] },
  { name: 'hour_back', offsets: () => [-HOUR_S] },
  { name: 'month_end', offsets: () => [untilMonthEnd(BEFORE_MONTH_END_S)] },
  // As a clock that knows no 61st second is set back: the last second comes twice.
  { name: 'leap_second', offsets: () => [1, 0, 1, 0] },
];

describeWithFakedClock('a wall clock that jumps under load', () => {
  const campaign = new Campaign('clock-jump');
  let clock: FakedClock;
  let installation: InstallationUnderFault;

  beforeAll(async () => {
    clock = new FakedClock();
    installation = await InstallationUnderFault.create(moodyProvider(campaign.dice(-1)), { settings: SETTINGS });
    await installation.start(clock.environment);
  });
  afterAll(async () => {
    campaign.report();
    await installation.discard(!campaign.isSound);
    clock.discard();
  });

  /** The gateway's clock. */
  const shown = async (): Promise<Date> => {
    const { headers } = await installation.gateway.request('/v1/health');
    return new Date(headers.get('date') ?? '');
  };
  /** Sets the clock and waits until the gateway goes by it. */
  const jumpTo = async (aheadS: number): Promise<void> => {
    clock.jumpTo(aheadS);
    campaign.injected += 1;
    await waitUntil(async () => {
      const offMs = (await shown()).getTime() - Date.now() - aheadS * 1000;
      return Math.abs(offMs) < SEEN_WITHIN_S * 1000;
    });
  };
  const monthEnds = (): Promise<true> =>
    waitUntil(async () => (await shown()).getUTCMonth() !== new Date().getUTCMonth());

  /** In how many months the authority has opened accounts. */
  const months = async (): Promise<number> => {
    const database = await installation.database();
    const keys = (await database.accounts()).map(({ key }) => /\/(\d{4}-\d{2})/.exec(key)?.[1]);
    await database.close();
    return new Set(keys.filter((month) => month !== undefined)).size;
  };

  it(
    'loses nothing, charges each request once and in its own period, and refuses nobody',
    async () => {
      const books = new BookCheck(campaign, installation);
      for (let round = 1; round <= campaign.rounds; round += 1) {
        const dice = campaign.dice(round);
        const crowd = installation.crowd({ name: `r${round}`, dice });
        await crowd.answered(1);
        const jump = JUMPS[(round - 1) % JUMPS.length]!;
        for (const offset of [...jump.offsets(), 0]) {
          await jumpTo(offset);
          if (jump.name === 'month_end' && offset > 0) await monthEnds();
          const before = crowd.answeredWell;
          await pause(dice.between(0, LOAD_MS_MAX));
          await waitUntil(() => crowd.answeredWell > before);
        }
        campaign.count(jump.name);
        await crowd.stop();
        for (const { code, clientId } of crowd.received)
          if (NEVER.has(code)) campaign.broken.push(`${clientId} was refused with ${code}`);
        await books.check(crowd.received);
        await books.checkReturned();
        campaign.assertSound(round);
      }
      await books.checkAtRest();
      if (campaign.rounds >= JUMPS.length) expect(await months()).toBeGreaterThan(1);
      campaign.broken.push(...(await installation.rebuildDifferences()));
      campaign.assertSound(campaign.rounds);
    },
    campaign.rounds * ROUND_MS_MAX,
  );
});
