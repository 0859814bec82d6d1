import { setTimeout as pause } from 'node:timers/promises';
import { describeWithKafka } from '../../engines/kafka-broker.js';
import { waitUntil } from '../../engines/wait-until.js';
import { Campaign } from '../campaign.js';
import { BookCheck } from '../lab/book-check.js';
import { ClusterUnderFault } from '../lab/cluster-under-fault.js';
import { Crowd } from '../lab/crowd.js';
import { calmProvider, moodyProvider } from '../lab/moody-provider.js';
import { GatewayWithWorkers, WORKERS } from './workers/worker-faults.js';

const ROUND_MS_MAX = 120_000;
const CROWD_SIZE = 60;
/** With fewer than 32 requests under way no worker sheds any, however late this machine makes it. */
const UNSHED_SIZE = 30;
const LOAD_MS_MAX = 1_500;

describeWithKafka('workers of one gateway that are killed, told to end and stopped under load', () => {
  const campaign = new Campaign('kill-workers');
  const [moody, calm] = [moodyProvider(campaign.dice(-1)), calmProvider(campaign.dice(-2))];
  /** Each fault comes up once in four rounds. */
  const offset = campaign.dice(0).between(0, 3);
  let premises: ClusterUnderFault;
  let gateway: GatewayWithWorkers;

  beforeAll(async () => {
    premises = await ClusterUnderFault.create(moody, {
      gateways: 1,
      projectors: 1,
      environment: { WORKERS: String(WORKERS) },
    });
    gateway = new GatewayWithWorkers(premises, campaign);
  });
  afterAll(async () => {
    campaign.report();
    await premises.discard();
  });

  /** No request was refused, left without an answer, or cut. */
  const checkUnnoticed = ({ received, unanswered }: Crowd): void => {
    if (unanswered > 0) campaign.broken.push(`${unanswered} requests got no answer`);
    for (const { clientId, status, code, finished } of received) {
      if (status !== 200) campaign.broken.push(`${clientId} was refused with ${status} ${code}`);
      else if (!finished) campaign.broken.push(`${clientId} was cut`);
    }
    campaign.count('answered_unnoticed', received.length);
  };

  it(
    'lose no answered request, book none twice, and hold nothing in the end',
    async () => {
      const books = new BookCheck(campaign, premises);
      for (let round = 1; round <= campaign.rounds; round += 1) {
        const dice = campaign.dice(round);
        const faults = gateway.faults();
        const fault = faults[(round + offset) % faults.length] ?? faults[0];
        premises.upstream.behaviour = fault.isUnnoticed ? calm : moody;
        const [size, hangsUp] = fault.isUnnoticed ? [UNSHED_SIZE, false] : [CROWD_SIZE, true];
        const crowd = new Crowd({ url: gateway.url, dice, size, name: `r${round}`, hangsUp });
        await waitUntil(() => crowd.answeredWell > size);
        await pause(dice.between(0, LOAD_MS_MAX));
        await fault.strike(dice);
        campaign.count(fault.name);
        const before = crowd.answeredWell;
        await waitUntil(() => crowd.answeredWell > before + size);
        campaign.broken.push(...(await premises.closeBooks(books, [crowd])));
        if (fault.isUnnoticed) checkUnnoticed(crowd);
        campaign.assertSound(round);
      }
    },
    campaign.rounds * ROUND_MS_MAX,
  );
});
