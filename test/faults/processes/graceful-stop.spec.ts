import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startEmbeddedPostgres } from '#persistence';
import { answerWhole } from '../../engines/scripted-upstream.js';
import { TEST_KEY } from '../../engines/standalone.js';
import { waitUntil } from '../../engines/wait-until.js';
import { Campaign } from '../campaign.js';
import { BookCheck } from '../lab/book-check.js';
import type { Crowd } from '../lab/crowd.js';
import { InstallationUnderFault } from '../lab/installation-under-fault.js';
import { calmProvider } from '../lab/moody-provider.js';

const ROUND_MS_MAX = 120_000;
const LOAD_MS_MAX = 1_500;
/** More than the buffers of a connection hold, read in pieces with a pause between them: some seconds. */
const ANSWER_BYTES = 24_000_000;
const SLOW_READ_MS = 5;
const WITHOUT_AUTHORITY = 'ledger_unavailable';
const SILENT = { info: () => undefined, warn: () => undefined };

describe('a stop under load', () => {
  const campaign = new Campaign('graceful-stop');
  let installation: InstallationUnderFault;
  let books: BookCheck;
  let isSound = false;

  beforeAll(async () => {
    installation = await InstallationUnderFault.create(calmProvider(campaign.dice(-1)), { ownGroup: true });
    books = new BookCheck(campaign, installation);
  });
  afterAll(async () => {
    campaign.report();
    await installation.discard(!isSound);
  });

  /** A terminal sends Ctrl-C to every process of the group: projector and PostgreSQL get it, too. */
  const stop = (isCtrlC: boolean): void => {
    if (isCtrlC) process.kill(-installation.gateway.pid, 'SIGINT');
    else process.kill(installation.gateway.pid, 'SIGTERM');
    campaign.injected += 1;
  };

  const checkCallers = ({ received, unanswered }: Crowd, goOn: boolean): void => {
    const cut = received.filter(({ status, finished }) => status === 200 && !finished);
    campaign.broken.push(...cut.map(({ clientId }) => `${clientId} was cut`));
    if (!goOn && unanswered > 0) campaign.broken.push(`${unanswered} requests that had been sent got no answer`);
  };

  /** What the authority has while no gateway runs that could mend it. */
  const checkReturned = async (): Promise<void> => {
    const server = await startEmbeddedPostgres({
      dataDir: join(installation.dataDir, 'data', 'postgres'),
      log: SILENT,
    });
    await books.checkReturned(0);
    await server.stop();
  };

  it(
    'answers whoever it has let in, gives the slices back, and exits with 0',
    async () => {
      for (let round = 1; round <= campaign.rounds; round += 1) {
        const dice = campaign.dice(round);
        const [isCtrlC, goOn] = [round % 2 === 0, round % 4 > 1];
        await installation.start();
        const crowd = installation.crowd({ name: `r${round}`, dice, hangsUp: false });
        await waitUntil(() => crowd.answeredWell > 0); // there is money in hand
        await pause(dice.between(0, LOAD_MS_MAX));
        const answered = goOn ? null : crowd.stop();
        stop(isCtrlC);
        const code = await installation.gateway.exited();
        await (answered ?? crowd.stop());

        if (code !== 0) campaign.broken.push(`the exit code is ${code}: ${installation.gateway.printed}`);
        checkCallers(crowd, goOn);
        if (!isCtrlC) await checkReturned();
        await installation.start();
        // PostgreSQL hears Ctrl-C, too: whoever waits for a lease in that moment is refused, and paid nothing.
        const answers = isCtrlC ? crowd.received.filter(({ code }) => code !== WITHOUT_AUTHORITY) : crowd.received;
        campaign.count('refused_without_authority', crowd.received.length - answers.length);
        await books.check(answers);
        await books.checkAtRest();
        await installation.gateway.stop();
        campaign.assertSound(round);
      }
    },
    campaign.rounds * ROUND_MS_MAX,
  );

  it('waits for a slow reader', async () => {
    installation.upstream.behaviour = answerWhole('x'.repeat(ANSWER_BYTES));
    await installation.start();
    const body = {
      model: 'gpt-4o-mini',
      user: 'slow',
      max_tokens: 16,
      messages: [{ role: 'user', content: 'A lot!' }],
    };
    // Node's fetch takes an end right behind the last byte for a cut, where it reads slowly.
    const asked = request(`${installation.gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TEST_KEY}`, 'content-type': 'application/json' },
    }).end(JSON.stringify(body));
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    stop(false);
    let bytes = 0;
    for await (const chunk of answer) {
      bytes += (chunk as Buffer).length;
      await pause(SLOW_READ_MS);
    }
    expect(bytes).toBe(Number(answer.headers['content-length']));
    expect(await installation.gateway.exited()).toBe(0);
    isSound = true;
  });
});
