import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { AppProcess } from '../../engines/app-process.js';
import { describeWithKafka } from '../../engines/kafka-broker.js';
import { Standalone, freePort } from '../../engines/standalone.js';
import { Campaign } from '../campaign.js';
import { BookCheck } from '../lab/book-check.js';
import { ClusterUnderFault } from '../lab/cluster-under-fault.js';
import { Crowd } from '../lab/crowd.js';
import { InstallationUnderFault } from '../lab/installation-under-fault.js';
import { calmProvider } from '../lab/moody-provider.js';
import { SecondGateways } from './second/second-gateway.js';

const ROUND_MS_MAX = 120_000;
const LOAD_MS_MAX = 1_000;
const CROWD_SIZE = 60;
/** Answers of the first one that have to come after every second one. */
const GOES_ON = 60;

const campaign = new Campaign('second-gateway');
const seconds = new SecondGateways(campaign);

afterAll(() => {
  campaign.report();
  seconds.discard();
});

describe('a second gateway on the folder of one at work', () => {
  let installation: InstallationUnderFault;
  beforeAll(async () => {
    installation = await InstallationUnderFault.create(calmProvider(campaign.dice(-1)));
    await installation.start();
  });
  afterAll(() => installation.discard(!campaign.isSound));

  it(
    'is refused at once and told who has it, and harms nothing',
    async () => {
      const { dataDir, gateway } = installation;
      const books = new BookCheck(campaign, installation);
      const launch = async (environment: Record<string, string>) => {
        const own = { OVERTURE_CONFIG: join(dataDir, 'overture.yaml'), ...environment };
        const second = await Standalone.launch({ dataDir, environment: own });
        return {
          exited: () => second.exited(),
          ready: () => second.ready(),
          stop: () => second.stop(),
          said: () => second.printed,
        };
      };
      for (let round = 1; round <= campaign.rounds; round += 1) {
        const dice = campaign.dice(round);
        const crowd = new Crowd({ url: gateway.url, dice, size: CROWD_SIZE, name: `r${round}`, hangsUp: false });
        await crowd.answered(1);
        await pause(dice.between(0, LOAD_MS_MAX));
        await seconds.onTheSameFolder({ pid: gateway.pid, port: String(gateway.port) }, launch);
        await crowd.answered(crowd.received.length + GOES_ON);
        await crowd.stop();
        seconds.checkCallers(crowd);
        await books.check(crowd.received);
        await books.checkAtRest();
        campaign.assertSound(round);
      }
      campaign.broken.push(...(await installation.rebuildDifferences()));
      campaign.assertSound(campaign.rounds);
    },
    campaign.rounds * ROUND_MS_MAX,
  );
});

describeWithKafka('a second gateway of a cluster on the folder, or under the name, of one at work', () => {
  let premises: ClusterUnderFault;
  beforeAll(async () => {
    premises = await ClusterUnderFault.create(calmProvider(campaign.dice(-2)), { gateways: 1, projectors: 1 });
  });
  afterAll(() => premises.discard());

  it(
    'is refused and told why, and harms nothing',
    async () => {
      const [replica] = premises.cluster.replicas;
      if (replica === undefined) throw new Error('a cluster without a gateway');
      const books = new BookCheck(campaign, premises);
      const launch = (own: Record<string, string>) => async (environment: Record<string, string>) => {
        const settings = { ...replica.environment, ...own, PORT: String(await freePort()), ...environment };
        const process = new AppProcess('second', 'gateway', settings);
        process.start();
        return {
          exited: () => process.exited(),
          ready: () => premises.cluster.ready({ ...replica, url: `http://127.0.0.1:${settings.PORT}`, process }),
          stop: () => process.end('SIGTERM'),
          said: () => process.printed,
        };
      };
      for (let round = 1; round <= campaign.rounds; round += 1) {
        const dice = campaign.dice(-round - 2);
        const crowd = new Crowd({ url: replica.url, dice, size: CROWD_SIZE, name: `c${round}`, hangsUp: false });
        await crowd.answered(1);
        await pause(dice.between(0, LOAD_MS_MAX));
        const holder = { pid: replica.process.pid, port: new URL(replica.url).port };
        if (round % 2 === 1) await seconds.onTheSameFolder(holder, launch({}));
        else await seconds.underTheSameName(replica.slot, launch({ OVERTURE_DATA: seconds.newFolder() }));
        await crowd.answered(crowd.received.length + GOES_ON);
        campaign.broken.push(...(await premises.closeBooks(books, [crowd])));
        seconds.checkCallers(crowd);
        campaign.assertSound(round);
      }
    },
    campaign.rounds * ROUND_MS_MAX,
  );
});
