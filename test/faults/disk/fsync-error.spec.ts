import { waitUntil } from '../../engines/wait-until.js';
import { Campaign } from '../campaign.js';
import { BookCheck } from '../lab/book-check.js';
import type { Crowd } from '../lab/crowd.js';
import type { Dice } from '../lab/dice.js';
import { installationFor } from '../lab/installation-under-fault.js';
import { readiness, wrongRefusal } from './bad-disk/refusal.js';
import { SyncFault, describeWithStrace } from './bad-disk/strace.js';

const ROUND_MS_MAX = 120_000;
/** Syncs that still work before the first that does not. */
const SYNCS_BEFORE_MAX = 20;
const ANSWERS_AFTER = 50;
const AT_REST_EVERY = 10;

describeWithStrace('a disk whose sync fails', () => {
  const campaign = new Campaign('fsync-error');
  const installation = installationFor(campaign);

  const strike = async (dice: Dice, more: '' | '+'): Promise<SyncFault> => {
    const what = `error=EIO:when=${dice.between(1, SYNCS_BEFORE_MAX)}${more}`;
    const fault = await SyncFault.inject(installation().gateway.pid, what);
    await fault.struck();
    return fault;
  };

  const lastMended = (): string | undefined =>
    installation()
      .gateway.printed.split('\n')
      .findLast((line) => line.includes('opened anew after a failed write'));

  /** The writer mends it by itself: it closes the file, opens it anew, and appends the batch again by its ids. */
  const failOnce = async (dice: Dice, crowd: Crowd): Promise<void> => {
    const before = lastMended();
    const fault = await strike(dice, '');
    await waitUntil(() => lastMended() !== before);
    campaign.injected += await fault.lift();
    await crowd.stop();
    const noticed = crowd.received.filter(({ code }) => code === 'journal_unavailable').length;
    if (noticed > 0) campaign.broken.push(`${noticed} callers noticed one failed sync`);
  };

  /** Nothing can be recorded until the disk is back, or until somebody kills the gateway and starts it again. */
  const failOn = async (dice: Dice, crowd: Crowd): Promise<void> => {
    const fault = await strike(dice, '+');
    await readiness(installation().gateway, 503);
    campaign.broken.push(...(await wrongRefusal(installation().gateway)));
    const isKilled = dice.oneIn(3);
    if (isKilled) await installation().kill();
    campaign.injected += await fault.lift();
    campaign.count(isKilled ? 'killed_meanwhile' : 'resumed');
    if (isKilled) {
      await crowd.stop();
      await installation().start();
      return;
    }
    const sinceMs = performance.now();
    await readiness(installation().gateway, 200);
    campaign.count('resumed_after_ms', Math.round(performance.now() - sinceMs));
    const goal = crowd.answeredWell + ANSWERS_AFTER;
    await waitUntil(() => crowd.answeredWell >= goal);
    await crowd.stop();
  };

  it(
    'loses nothing and books nothing twice; while it goes on, requests are refused',
    async () => {
      const books = new BookCheck(campaign, installation());
      for (let round = 1; round <= campaign.rounds; round += 1) {
        const dice = campaign.dice(round);
        const crowd = installation().crowd({ name: `r${round}`, dice });
        await crowd.answered(1);
        await (round % 2 === 1 ? failOnce(dice, crowd) : failOn(dice, crowd));
        await books.check(crowd.received);
        if (round % AT_REST_EVERY === 0 || round === campaign.rounds) await books.checkAtRest();
        campaign.assertSound(round);
      }
    },
    campaign.rounds * ROUND_MS_MAX,
  );
});
