import { setTimeout as pause } from 'node:timers/promises';
import type { AppProcess } from '../../engines/app-process.js';
import { describeWithKafka } from '../../engines/kafka-broker.js';
import { waitUntil } from '../../engines/wait-until.js';
import { Campaign } from '../campaign.js';
import { BookCheck } from '../lab/book-check.js';
import { ClusterUnderFault } from '../lab/cluster-under-fault.js';
import type { Crowd } from '../lab/crowd.js';
import type { Dice } from '../lab/dice.js';
import type { InstalledDatabase } from '../lab/installed-database.js';
import { moodyProvider } from '../lab/moody-provider.js';

const ROUND_MS_MAX = 200_000;
const CROWD_SIZE = 12;
const PROJECTORS = 3;
const CHECK_EVERY = 10;
const QUIET_MS_MAX = 500;
/** At least: it stays stopped until others have its partitions, which they get after a session of 10 s. */
const STOPPED_MS = 11_000;
const STOPPED_MS_NIGHTLY = 40_000;
const FENCED = 'CursorFencedError';

describeWithKafka('a projector that is stopped, and wakes when others have its partitions', () => {
  const campaign = new Campaign('zombie-projector');
  const stoppedMs = campaign.isNightly ? STOPPED_MS_NIGHTLY : STOPPED_MS;
  let premises: ClusterUnderFault;
  let database: InstalledDatabase;
  let [takenOver, fenced] = [0, 0];

  beforeAll(async () => {
    premises = await ClusterUnderFault.create(moodyProvider(campaign.dice(-1)), { projectors: PROJECTORS });
    database = await premises.database();
  });
  afterAll(async () => {
    campaign.count('fenced', fenced);
    campaign.report();
    await database.close();
    await premises.discard();
  });

  /** Where the partition stands that all the load goes to. */
  const busiest = async (): Promise<bigint> => {
    const { next } = await database.cursors();
    return [...next.values()].reduce((most, offset) => (offset > most ? offset : most), 0n);
  };
  const moves = async (from: bigint): Promise<true> => waitUntil(async () => (await busiest()) > from);

  /** Stops the projector that folds the load, amid a transaction or between two. */
  const stopAtWork = async (isAmid: boolean): Promise<AppProcess> => {
    for (;;) {
      await moves(await busiest());
      const [atWork] = await database.projectors();
      const projector = premises.cluster.projectors.find(({ name }) => name === atWork?.name);
      if (projector === undefined) continue;
      projector.signal('SIGSTOP');
      await pause(QUIET_MS_MAX / 10); // what it had sent is answered by then
      const stopped = (await database.projectors()).find(({ name }) => name === projector.name);
      if (stopped?.isInTransaction === isAmid) return projector;
      projector.signal('SIGCONT');
    }
  };

  /** One that sleeps between two transactions loses its partitions; one amid a transaction has them locked. */
  const haunt = async (dice: Dice): Promise<void> => {
    const isAmid = dice.oneIn(4);
    const zombie = await stopAtWork(isAmid);
    const [from, fencedBefore] = [await busiest(), timesFenced(zombie)];
    await Promise.all([pause(stoppedMs), isAmid || moves(from)]);
    zombie.signal('SIGCONT');
    campaign.injected += 1;
    campaign.count(isAmid ? 'stopped_amid_a_transaction' : 'taken_over');
    await moves(await busiest());
    await pause(dice.between(0, QUIET_MS_MAX));
    if (isAmid) return;
    takenOver += 1;
    fenced += timesFenced(zombie) - fencedBefore;
  };

  it(
    'is fenced off, and every event is counted once',
    async () => {
      const books = new BookCheck(campaign, premises);
      let crowds: Crowd[] = [];
      for (let round = 1; round <= campaign.rounds; round += 1) {
        const dice = campaign.dice(round);
        if (crowds.length === 0) crowds = premises.crowds(`r${round}`, dice, CROWD_SIZE);
        await haunt(dice);
        if (round % CHECK_EVERY !== 0 && round !== campaign.rounds) continue;
        campaign.broken.push(...(await premises.closeBooks(books, crowds)));
        // Ids of events would hide a fence that is missing: the tables are the same.
        if (takenOver > 0 && fenced === 0) campaign.broken.push(`nobody was fenced off in ${takenOver} takeovers`);
        campaign.assertSound(round);
        crowds = [];
      }
    },
    campaign.rounds * ROUND_MS_MAX,
  );
});

const timesFenced = ({ printed }: AppProcess): number => printed.split(FENCED).length - 1;
