import { setTimeout as pause } from 'node:timers/promises';
import { nanoUsdOf } from '#ledger';
import { describeWithKafka } from '../../engines/kafka-broker.js';
import { answerWhole } from '../../engines/scripted-upstream.js';
import { Campaign } from '../campaign.js';
import { BookCheck } from '../lab/book-check.js';
import { ClusterUnderFault } from '../lab/cluster-under-fault.js';
import type { Received } from '../lab/crowd.js';
import type { Dice } from '../lab/dice.js';
import type { InstalledDatabase } from '../lab/installed-database.js';

const ROUND_MS_MAX = 60_000;
const AT_ONCE = 200;
/** What one request costs: 20 tokens of input and 10 of output at the prices of the lab. */
const COST_NANO_USD = 9_000_000n;
/** More than one request holds: its bytes as tokens, and 16 tokens of output. */
const HOLD_NANO_USD_MAX = 30_000_000n;
const REQUESTS_OF_ROOM_MIN = 8;
const REQUESTS_OF_ROOM_MAX = 60;
/** A full machine may shed load; nothing else but the budget may refuse. */
const REFUSALS = new Set(['budget_exhausted', 'budget_held', 'overloaded']);
const ASK_AGAIN_AFTER_MS = 50;

/** A refusal names the limit that it goes by. */
type Answer = Received & { readonly limitNanoUsd: bigint };

describeWithKafka('many requests at once at the edge of a budget, at three gateways', () => {
  const campaign = new Campaign('budget-edge');
  let premises: ClusterUnderFault;
  let database: InstalledDatabase;
  let asked = 0;

  beforeAll(async () => {
    premises = await ClusterUnderFault.create(answerWhole());
    database = await premises.database();
  });
  afterAll(async () => {
    campaign.report();
    await database.close();
    await premises.discard();
  });

  const ask = async (gateway: number): Promise<Answer> => {
    const clientId = `edge-${++asked}`;
    const messages = [{ role: 'user', content: `Hello, I am ${clientId}.` }];
    const body = { model: 'gpt-4o-mini', user: clientId, max_tokens: 16, messages };
    const response = await premises.gateways[gateway]!.request('/v1/chat/completions', body, {
      'x-client-request-id': clientId,
    });
    const text = await response.text();
    return {
      clientId,
      streamed: false,
      status: response.status,
      requestId: response.headers.get('x-request-id') ?? '',
      finished: true,
      code: /"code":"([a-z_]+)"/.exec(text)?.[1] ?? '',
      costUsd: /"cost_usd":([0-9.]+)/.exec(text)?.[1] ?? null,
      wrong: '',
      limitNanoUsd: nanoUsdOf(/ of ([0-9.]+) USD used/.exec(text)?.[1] ?? '0'),
    };
  };
  /** Leaves room for so many requests beyond everything that is promised; returns the new limit. */
  const leaveRoom = (requests: number): Promise<bigint> => database.leaveRoom('all', BigInt(requests) * COST_NANO_USD);
  const costOf = (answers: readonly Received[]): bigint =>
    answers.reduce((sum, { costUsd }) => sum + (costUsd === null ? 0n : nanoUsdOf(costUsd)), 0n);

  /** Gateways hear of a limit within two seconds; until then they refuse by the old one. */
  const untilKnown = async (): Promise<Answer[]> => {
    const answers: Answer[] = [];
    for (const gateway of premises.gateways.keys()) {
      for (;;) {
        const answer = await ask(gateway);
        answers.push(answer);
        if (answer.status === 200) break;
        await pause(ASK_AGAIN_AFTER_MS);
      }
    }
    return answers;
  };

  /** One by one, wherever, until this limit is said to be used up: what is stranded somewhere cannot be had. */
  const useUp = async (limit: bigint, dice: Dice): Promise<Answer[]> => {
    const answers: Answer[] = [];
    for (;;) {
      const answer = await ask(dice.between(0, 2));
      answers.push(answer);
      if (answer.code === 'budget_exhausted' && answer.limitNanoUsd === limit) return answers;
      if (answer.status !== 200) await pause(ASK_AGAIN_AFTER_MS);
    }
  };

  it(
    'accepts what fits and not one request more, and strands nothing',
    async () => {
      const received: Received[] = [await ask(0)]; // opens the account
      const books = new BookCheck(campaign, premises);
      let charged = costOf(received);
      for (let round = 1; round <= campaign.rounds; round += 1) {
        const dice = campaign.dice(round);
        const limit = await leaveRoom(dice.between(REQUESTS_OF_ROOM_MIN, REQUESTS_OF_ROOM_MAX));
        const answers = await untilKnown();
        answers.push(...(await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => ask(index % 3)))));
        campaign.injected += 1;
        answers.push(...(await useUp(limit, dice)));
        received.push(...answers);
        charged += costOf(answers);

        for (const { status, code, clientId } of answers) {
          if (status !== 200 && !REFUSALS.has(code)) campaign.broken.push(`${clientId} was answered ${status} ${code}`);
        }
        if (charged > limit) campaign.lost.push(`round ${round}: ${charged} was charged of ${limit}`);
        if (limit - charged >= HOLD_NANO_USD_MAX)
          campaign.broken.push(`round ${round}: ${limit - charged} cannot be had`);
        campaign.count('answered', answers.filter(({ status }) => status === 200).length);
        campaign.assertSound(round);
      }
      await premises.settled();
      await books.check(received.filter(({ status }) => status === 200));
      await books.checkReturned();
      campaign.assertSound(campaign.rounds);
    },
    campaign.rounds * ROUND_MS_MAX,
  );
});
