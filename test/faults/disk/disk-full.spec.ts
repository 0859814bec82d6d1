import { setTimeout as pause } from 'node:timers/promises';
import { waitUntil } from '../../engines/wait-until.js';
import { Campaign } from '../campaign.js';
import { BookCheck } from '../lab/book-check.js';
import type { Crowd, Received } from '../lab/crowd.js';
import { InstallationUnderFault } from '../lab/installation-under-fault.js';
import { moodyProvider } from '../lab/moody-provider.js';
import { readiness, wrongRefusal } from './bad-disk/refusal.js';
import { SmallDisk, describeWithSmallDisk } from './bad-disk/small-disk.js';

const ROUND_MS_MAX = 120_000;
/** Room for the journal of a night's rounds, and quick to fill. */
const DISK_SIZE = '512m';
const FULL_MS_MAX = 2_000;
const ANSWERS_AFTER = 50;
/** More than fit into what the write-ahead log has of room. */
const ANSWERS_WITHOUT_ROOM = 500;
const AT_REST_EVERY = 10;

describeWithSmallDisk('a full disk', () => {
  const campaign = new Campaign('disk-full');
  let installation: InstallationUnderFault;
  let disk: SmallDisk;
  let known: Received | undefined;

  beforeAll(async () => {
    installation = await InstallationUnderFault.create(moodyProvider(campaign.dice(-1)));
    disk = SmallDisk.mount(installation.journalDir, DISK_SIZE);
    await installation.start();
  });
  afterAll(async () => {
    campaign.report();
    await installation.gateway.stop();
    disk.unmount();
    await installation.discard(!campaign.isSound);
  });

  /**
   * One round in three begins with a full disk: after a start the write-ahead log is empty, and the first commit needs
   * room. In the others it has been longer, and the disk is found to be full when it is copied.
   */
  const begin = async (round: number): Promise<Crowd> => {
    const dice = campaign.dice(round);
    if (round % 3 === 2) {
      await installation.kill();
      await installation.start();
      disk.fill();
      campaign.count('full_at_first_commit');
      return installation.crowd({ name: `r${round}`, dice });
    }
    const crowd = installation.crowd({ name: `r${round}`, dice });
    await waitUntil(() => crowd.received.some(({ status, finished }) => status === 200 && finished));
    disk.fill();
    return crowd;
  };
  /** Resolves when it says that it is not ready; what it takes for written without end is found here. */
  const refuses = async (round: number, crowd: Crowd): Promise<void> => {
    const before = crowd.answeredWell;
    const answered = (): number => crowd.answeredWell - before;
    const isReady = async (): Promise<boolean> => (await installation.gateway.request('/v1/health')).status === 200;
    await waitUntil(async () => !(await isReady()) || answered() > ANSWERS_WITHOUT_ROOM);
    if (answered() > ANSWERS_WITHOUT_ROOM) campaign.broken.push(`${answered()} answers on a disk without room`);
    campaign.assertSound(round);
  };

  /** What was answered before can still be looked up. */
  const checkReads = async ({ received }: Crowd): Promise<void> => {
    known = received.find(({ status, finished }) => status === 200 && finished) ?? known;
    const answer = await installation.gateway.request(`/v1/requests/${known?.requestId}`);
    if (answer.status !== 200) campaign.broken.push(`an answer was looked up: ${answer.status} ${await answer.text()}`);
  };

  /** It goes on by itself, or after it was killed and started on a disk that has room again. */
  const recover = async (crowd: Crowd, isKilled: boolean): Promise<void> => {
    if (isKilled) {
      await installation.kill();
      await crowd.stop();
      disk.free();
      return await installation.start();
    }
    disk.free();
    const sinceMs = performance.now();
    await readiness(installation.gateway, 200);
    campaign.count('resumed');
    campaign.count('resumed_after_ms', Math.round(performance.now() - sinceMs));
    const goal = crowd.answeredWell + ANSWERS_AFTER;
    await waitUntil(() => crowd.answeredWell >= goal);
    await crowd.stop();
  };

  it(
    'costs nothing that was answered: requests are refused, lookups are not, until it has room again',
    async () => {
      const books = new BookCheck(campaign, installation);
      for (let round = 1; round <= campaign.rounds; round += 1) {
        const dice = campaign.dice(round);
        const crowd = await begin(round);
        campaign.injected += 1;
        await refuses(round, crowd);
        campaign.broken.push(...(await wrongRefusal(installation.gateway)));
        await checkReads(crowd);
        await pause(dice.between(0, FULL_MS_MAX));
        await recover(crowd, dice.oneIn(3));
        await books.check(crowd.received);
        if (round % AT_REST_EVERY === 0 || round === campaign.rounds) await books.checkAtRest();
        campaign.assertSound(round);
      }
    },
    campaign.rounds * ROUND_MS_MAX,
  );
});
