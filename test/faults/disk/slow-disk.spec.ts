import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { waitUntil } from '../../engines/wait-until.js';
import { Campaign } from '../campaign.js';
import { BookCheck } from '../lab/book-check.js';
import { InstallationUnderFault } from '../lab/installation-under-fault.js';
import { moodyProvider } from '../lab/moody-provider.js';
import { SyncFault, describeWithStrace } from './bad-disk/strace.js';

const ROUND_MS_MAX = 120_000;
const SLOWER = 'delay_enter=200000'; // µs
const SYNCS_MIN = 20;
/** Answers over which it is measured how late the loop is with a disk that is not slow. */
const ANSWERS_BEFORE = 300;
/** Fewer than there are callers, so that some are turned away. */
const IN_FLIGHT_MAX = 190;
/** How much of the time the loop may stand: 6 % on a machine with much else to do, 32 % where it waits for commits. */
const STANDS_AT_MOST = 0.2;
/** RequestRouted, and the attempts with the charge. */
const BATCHES_PER_REQUEST = 2;
const MONITOR = pathToFileURL(join(import.meta.dirname, 'bad-disk', 'loop-delay.mjs')).href;

describeWithStrace('a slow disk', () => {
  const campaign = new Campaign('slow-disk');
  let installation: InstallationUnderFault;
  let delayPath: string;

  beforeAll(async () => {
    installation = await InstallationUnderFault.create(moodyProvider(campaign.dice(-1)));
    delayPath = join(installation.dataDir, 'loop-delay.json');
    await installation.start({
      OVERTURE_IN_FLIGHT_MAX: String(IN_FLIGHT_MAX),
      NODE_OPTIONS: `--import=${MONITOR}`,
      LOOP_DELAY_FILE: delayPath,
    });
  });
  afterAll(async () => {
    campaign.report();
    await installation.discard(!campaign.isSound);
  });

  /** How late the gateway's event loop has been since the last time. */
  const loopDelay = async (): Promise<{ p99Ms: number; stood: number }> => {
    rmSync(delayPath, { force: true });
    process.kill(installation.gateway.pid, 'SIGUSR2');
    await waitUntil(() => existsSync(delayPath) && readFileSync(delayPath, 'utf8').endsWith('}'));
    return JSON.parse(readFileSync(delayPath, 'utf8')) as { p99Ms: number; stood: number };
  };

  /** The gateway says that it is ready while facts wait for the disk, and never has more of them than it should. */
  const watch = async (fault: SyncFault): Promise<void> => {
    let waited = 0;
    while (fault.count < SYNCS_MIN || waited === 0) {
      const pending = await installation.gateway.metric('overture_journal_pending_batches');
      const { status } = await installation.gateway.request('/v1/health');
      if (status !== 200) campaign.broken.push(`a gateway with a slow disk says ${status} about itself`);
      const inFlight = await installation.gateway.metric('overture_requests_in_flight');
      if (inFlight > IN_FLIGHT_MAX)
        campaign.broken.push(`${inFlight} requests are in flight, with room for ${IN_FLIGHT_MAX}`);
      if (pending > IN_FLIGHT_MAX * BATCHES_PER_REQUEST) campaign.broken.push(`${pending} batches wait for the disk`);
      if (pending > 0) waited += 1;
    }
    campaign.count('looked_while_facts_waited', waited);
  };

  it(
    'makes answers late and nothing else: the loop goes on, the queue is bounded, the rest is turned away',
    async () => {
      const books = new BookCheck(campaign, installation);
      let [usualMs, p99Ms] = [0, 0];
      for (let round = 1; round <= campaign.rounds; round += 1) {
        const crowd = installation.crowd({ name: `r${round}`, dice: campaign.dice(round), hangsUp: false });
        await crowd.answered(1);
        await loopDelay();
        await crowd.answered(ANSWERS_BEFORE);
        usualMs = Math.max(usualMs, (await loopDelay()).p99Ms);
        const fault = await SyncFault.inject(installation.gateway.pid, SLOWER);
        await fault.struck();
        await loopDelay();
        await watch(fault);
        const slow = await loopDelay();
        p99Ms = Math.max(p99Ms, slow.p99Ms);
        const stoodPercent = Math.round(slow.stood * 100);
        campaign.most('loop_stood_percent', stoodPercent);
        if (slow.stood > STANDS_AT_MOST)
          campaign.broken.push(`the event loop stood still for ${stoodPercent} % of the time that syncs were slow`);
        campaign.assertSound(round); // one that turns nobody away is found here
        await waitUntil(() => crowd.received.some(({ code }) => code === 'overloaded'));
        campaign.injected += await fault.lift();
        await crowd.stop();
        const shed = crowd.received.filter(({ code }) => code === 'overloaded').length;
        campaign.count('turned_away', shed);
        await books.check(crowd.received);
        if (round === campaign.rounds) await books.checkAtRest();
        campaign.assertSound(round);
      }
      campaign.count('loop_delay_p99_ms', Math.round(p99Ms));
      campaign.count('usual_loop_delay_p99_ms', Math.round(usualMs));
    },
    campaign.rounds * ROUND_MS_MAX,
  );
});
