import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describeWithKafka } from '../../engines/kafka-broker.js';
import { waitUntil } from '../../engines/wait-until.js';
import { Campaign } from '../campaign.js';
import { BookCheck } from '../lab/book-check.js';
import { ClusterUnderFault } from '../lab/cluster-under-fault.js';
import type { Crowd } from '../lab/crowd.js';
import type { Dice } from '../lab/dice.js';
import { moodyProvider } from '../lab/moody-provider.js';

const ROUND_MS_MAX = 600_000;
const JOURNAL_BYTES_MAX = 16 * 2 ** 20;
/** How many must have been turned away before a gateway is restarted, and again before Kafka is back. */
const TURNED_AWAY_LEAST = 50;
const WATCH_EVERY_MS = 25;
/** What no caller may hear of, before, while and after a journal is full. */
const NEVER = new Set(['journal_unavailable', 'ledger_unavailable', 'budget_exhausted', 'internal_error']);

const turnedAway = (crowd: Crowd): number => crowd.received.filter(({ code }) => code === 'journal_full').length;

/** What a folder really takes up. */
function bytesIn(directory: string): number {
  const sizes = readdirSync(directory).map((name) => statSync(join(directory, name), { throwIfNoEntry: false })?.size);
  return sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
}

describeWithKafka('journals that are full because Kafka is away', () => {
  const campaign = new Campaign('journal-full');
  let premises: ClusterUnderFault;

  beforeAll(async () => {
    const environment = { OVERTURE_JOURNAL_MAX: String(JOURNAL_BYTES_MAX) };
    premises = await ClusterUnderFault.create(moodyProvider(campaign.dice(-1)), {
      gateways: 2,
      projectors: 1,
      environment,
    });
  });
  afterAll(async () => {
    campaign.report();
    await premises.discard();
  });

  /** Looks at the journals' files all the time; returns what ends it, and tells the most that one has taken up. */
  const watchDisk = (): (() => Promise<number>) => {
    let isOver = false;
    let bytesMost = 0;
    const watching = (async () => {
      while (!isOver) {
        bytesMost = Math.max(bytesMost, ...premises.journals.map(bytesIn));
        await pause(WATCH_EVERY_MS);
      }
    })();
    return async () => {
      isOver = true;
      await watching;
      return bytesMost;
    };
  };

  /** Every crowd has been turned away so often since now. */
  const pressed = async (crowds: readonly Crowd[]): Promise<void> => {
    const before = crowds.map(turnedAway);
    await waitUntil(() => crowds.every((crowd, index) => turnedAway(crowd) >= before[index]! + TURNED_AWAY_LEAST));
  };

  const restartOne = async (dice: Dice): Promise<void> => {
    const { replicas } = premises.cluster;
    const { process } = replicas[dice.between(0, replicas.length - 1)]!;
    const signal = dice.oneIn(2) ? 'SIGKILL' : 'SIGTERM';
    const code = await process.end(signal);
    if (signal === 'SIGTERM' && code !== 0) campaign.broken.push(`${process.name} ended with ${code}`);
    process.start();
    campaign.count(signal);
  };

  /** Away until all journals are full, and a gateway has found its own full at a start. Ids of what they have then. */
  const fillUp = async (crowds: readonly Crowd[], dice: Dice) => {
    const { broker } = premises.cluster;
    const isSilent = dice.oneIn(2);
    if (isSilent) broker.pause();
    else await broker.kill('SIGKILL');
    await pressed(crowds);
    campaign.injected += 1;
    campaign.most('bytes_told', Math.max(...(await premises.metrics('overture_journal_bytes'))));
    const waiting = await premises.metrics('overture_journal_backlog_events');
    if (waiting.includes(0)) campaign.broken.push('nothing waits for Kafka: it was not away');
    await restartOne(dice);
    await pressed(crowds);
    const orders = await premises.journalOrders();
    if (isSilent) broker.resume();
    else await broker.restart();
    return orders;
  };

  /** Everybody is answered again, with nobody's help. */
  const answeredAgain = async (crowds: readonly Crowd[]): Promise<void> => {
    const backMs = performance.now();
    const before = crowds.map(({ answeredWell }) => answeredWell);
    await waitUntil(() => crowds.every(({ answeredWell }, index) => answeredWell > before[index]!));
    campaign.most('answered_again_after_ms', Math.round(performance.now() - backMs));
  };

  const checkRefusals = (crowds: readonly Crowd[]): void => {
    const asked = new Set(premises.upstream.calls.splice(0).map(({ body }) => String(body['user'])));
    for (const { code, clientId } of crowds.flatMap(({ received }) => received)) {
      if (NEVER.has(code)) campaign.broken.push(`${clientId} was refused with ${code}`);
      if (code !== 'journal_full') continue;
      campaign.count('turned_away');
      if (asked.has(clientId)) campaign.broken.push(`a provider was called for ${clientId}, who was turned away`);
    }
  };

  it(
    'turn callers away, stay within their size, and have room again by themselves',
    async () => {
      const books = new BookCheck(campaign, premises);
      const endWatch = watchDisk();
      for (let round = 1; round <= campaign.rounds; round += 1) {
        const dice = campaign.dice(round);
        const crowds = premises.crowds(`r${round}`, dice);
        await Promise.all(crowds.map((crowd) => crowd.answered(1)));
        const orders = await fillUp(crowds, dice);
        await answeredAgain(crowds);
        await Promise.all(crowds.map((crowd) => crowd.stop()));
        await premises.settled();
        checkRefusals(crowds);
        campaign.lost.push(...(await premises.shippingDifferences(orders)));
        await books.check(crowds.flatMap((crowd) => crowd.received));
        campaign.assertSound(round);
      }
      const bytes = await endWatch();
      campaign.most('journal_bytes', bytes);
      if (bytes > JOURNAL_BYTES_MAX) campaign.broken.push(`a journal took ${bytes} bytes of ${JOURNAL_BYTES_MAX}`);
      await books.checkAtRest();
      campaign.broken.push(...(await premises.rebuildDifferences()));
      campaign.assertSound(campaign.rounds);
    },
    campaign.rounds * ROUND_MS_MAX,
  );
});
