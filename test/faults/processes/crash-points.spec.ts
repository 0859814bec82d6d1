import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Replica } from '../../engines/cluster.js';
import { describeWithKafka } from '../../engines/kafka-broker.js';
import { Campaign } from '../campaign.js';
import { BookCheck } from '../lab/book-check.js';
import { ClusterUnderFault } from '../lab/cluster-under-fault.js';
import type { Crowd } from '../lab/crowd.js';
import { moodyProvider } from '../lab/moody-provider.js';
import { CRASH_POINTS } from './crash/crash-points.mjs';

const CRASH_MS_MAX = 60_000;
/** Die at the same time, each at a point of its own. */
const GATEWAYS = 2;
/** Times that they die between two looks into the books. */
const CHECK_EVERY = 4;
/** How often the place is passed before it kills. */
const PASSES_MAX = 8;
const PRELOAD = pathToFileURL(join(import.meta.dirname, 'crash', 'crash-at.mjs')).href;

describeWithKafka('a gateway that dies at a labelled point', () => {
  const campaign = new Campaign('crash-points');
  const folder = mkdtempSync(join(tmpdir(), 'overture-crash-'));
  const orderPath = join(folder, 'order');
  let premises: ClusterUnderFault;

  beforeAll(async () => {
    premises = await ClusterUnderFault.create(moodyProvider(campaign.dice(-1)), {
      gateways: GATEWAYS,
      projectors: 1,
      environment: { NODE_OPTIONS: `--import=${PRELOAD}`, CRASH_AT: orderPath },
    });
  });
  afterAll(async () => {
    campaign.report();
    await premises.discard();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Resolves when the gateway has ended where it was told to. */
  const crashAt = async ({ slot, process }: Replica, label: string, passes: number): Promise<void> => {
    const path = `${orderPath}.${slot}`;
    writeFileSync(`${path}.draft`, JSON.stringify({ label, passes }));
    renameSync(`${path}.draft`, path);
    const code = await process.exited();
    rmSync(path);
    if (code !== null) campaign.broken.push(`${slot} ended with ${code} where it should die ${label}`);
    expect(existsSync(`${path}.done`) && readFileSync(`${path}.done`, 'utf8')).toBe(label);
    rmSync(`${path}.done`);
    campaign.injected += 1;
  };

  const startAgain = async (): Promise<void> => {
    const { cluster } = premises;
    const dead = cluster.replicas.filter(({ process }) => !process.isRunning);
    for (const { process } of dead) process.start();
    await Promise.all(dead.map((replica) => cluster.ready(replica)));
  };

  it(
    'has answered and booked each request once, or booked it at its hold, and holds nothing when it is back',
    async () => {
      const books = new BookCheck(campaign, premises);
      const labels = Array.from({ length: campaign.rounds }, () => CRASH_POINTS).flat();
      let crowds: Crowd[] = [];
      for (let time = 1; labels.length > 0; time += 1) {
        const dice = campaign.dice(time);
        if (crowds.length === 0) crowds = premises.crowds(`c${time}`, dice);
        const places = labels.splice(0, GATEWAYS);
        const dying = premises.cluster.replicas.slice(0, places.length);
        await Promise.all(
          dying.map((replica, index) => crashAt(replica, places[index] ?? '', dice.between(0, PASSES_MAX))),
        );
        const isChecked = time % CHECK_EVERY === 0 || labels.length === 0;
        if (isChecked) for (const crowd of crowds) await crowd.stop();
        await startAgain();
        if (!isChecked) continue;
        await premises.settled();
        await books.check(crowds.flatMap(({ received }) => received));
        await books.checkAtRest();
        if (labels.length === 0) campaign.broken.push(...(await premises.rebuildDifferences()));
        campaign.assertSound(time);
        crowds = [];
      }
    },
    campaign.rounds * CRASH_POINTS.length * CRASH_MS_MAX,
  );
});
