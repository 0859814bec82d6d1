import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { describeWithKafka } from '../../engines/kafka-broker.js';
import { waitUntil } from '../../engines/wait-until.js';
import { Campaign } from '../campaign.js';
import { BookCheck } from '../lab/book-check.js';
import { ClusterUnderFault } from '../lab/cluster-under-fault.js';
import type { Crowd } from '../lab/crowd.js';
import { moodyProvider } from '../lab/moody-provider.js';

const ROUND_MS_MAX = 300_000;
const CROWD_SIZE = 20;
const QUIET_MS_MAX = 1_000;
const AWAY_MS = 5_000;
const AWAY_MS_NIGHTLY = 60_000;
const RESTARTS = 3;
/** What is promised; it is usually one or two seconds. */
const DRAINED_WITHIN_MS = 30_000;
/** Of which the newest two are kept in any case: the others hold what Kafka has not acknowledged. */
const SEGMENTS_BEGUN = 4;
const SMALL_SEGMENTS = pathToFileURL(join(import.meta.dirname, 'journal', 'small-segments.mjs')).href;
/** What no caller may hear of because Kafka is away. */
const NEVER = new Set(['journal_full', 'journal_unavailable', 'ledger_unavailable', 'internal_error']);

describeWithKafka('Kafka away under load', () => {
  const campaign = new Campaign('kafka-away');
  const awayMs = campaign.isNightly ? AWAY_MS_NIGHTLY : AWAY_MS;
  let premises: ClusterUnderFault;

  beforeAll(async () => {
    premises = await ClusterUnderFault.create(moodyProvider(campaign.dice(-1)), {
      environment: { NODE_OPTIONS: `--import=${SMALL_SEGMENTS}` },
    });
  });
  afterAll(async () => {
    campaign.report();
    await premises.discard();
  });

  const backlog = async (): Promise<number> => {
    const events = await premises.metrics('overture_journal_backlog_events');
    return events.reduce((sum, count) => sum + count, 0);
  };
  /** Sequence numbers with which the segments of each journal begin, in their order. */
  const segments = (): number[][] =>
    premises.cluster.replicas.map(({ dataDir }) =>
      readdirSync(join(dataDir, 'journal'))
        .sort()
        .flatMap((name) => /^segment-(\d+)\.sqlite$/.exec(name)?.[1] ?? [])
        .map(Number),
    );
  /** Resolves when every journal has begun segments with nothing in them that Kafka has. */
  const begun = (before: readonly number[][]): Promise<true> =>
    waitUntil(() =>
      segments().every((firsts, index) => {
        const newest = before[index]?.at(-1) ?? 0;
        return firsts.filter((first) => first > newest).length >= SEGMENTS_BEGUN;
      }),
    );
  /** Everybody is answered although nothing can be shipped. */
  const assertAway = async (crowds: readonly Crowd[]): Promise<void> => {
    const before = crowds.map(({ answeredWell }) => answeredWell);
    const known = segments();
    await Promise.all([pause(awayMs), begun(known)]);
    const answered = crowds.map(({ answeredWell }, index) => answeredWell - (before[index] ?? 0));
    if (answered.includes(0)) campaign.broken.push(`answered while Kafka was away: ${answered.join(' ')}`);
    campaign.count(
      'answered_meanwhile',
      answered.reduce((sum, count) => sum + count, 0),
    );
    const waiting = await backlog();
    if (waiting === 0) campaign.broken.push('nothing waits for Kafka: it was not away');
    campaign.count('backlog_events', waiting);
  };
  const faults = [
    async function stopped(crowds: readonly Crowd[]): Promise<void> {
      premises.cluster.broker.pause();
      await assertAway(crowds);
      premises.cluster.broker.resume();
    },
    async function killed(crowds: readonly Crowd[]): Promise<void> {
      await premises.cluster.broker.kill('SIGKILL');
      await assertAway(crowds);
      await premises.cluster.broker.restart();
    },
    async function restarted(): Promise<void> {
      for (let times = 0; times < RESTARTS; times += 1) await premises.cluster.broker.restart();
    },
  ] as const;

  /** How long it takes until all that has piled up is in the topic; more than is promised if that never comes. */
  const drained = async (): Promise<number> => {
    const backMs = performance.now();
    await Promise.race([premises.settled(), pause(DRAINED_WITHIN_MS + 1, undefined, { ref: false })]);
    return Math.ceil(performance.now() - backMs);
  };

  it(
    'stops no request, and loses neither an event nor the order of events',
    async () => {
      const books = new BookCheck(campaign, premises);
      for (let round = 1; round <= campaign.rounds; round += 1) {
        const dice = campaign.dice(round);
        const crowds = premises.crowds(`r${round}`, dice, CROWD_SIZE);
        await Promise.all(crowds.map((crowd) => crowd.answered(1)));
        await pause(dice.between(0, QUIET_MS_MAX));
        const fault = faults[(campaign.seed + round) % faults.length] ?? faults[0];
        await fault(crowds);
        campaign.injected += 1;
        campaign.count(fault.name);
        await Promise.all(crowds.map((crowd) => crowd.stop()));
        const tookMs = await drained();
        campaign.count('drained_ms', tookMs);
        if (tookMs > DRAINED_WITHIN_MS) campaign.broken.push(`not drained ${tookMs} ms after Kafka was back`);
        campaign.assertSound(round); // a backlog that stays is found here

        const received = crowds.flatMap((crowd) => crowd.received);
        for (const { code, clientId } of received)
          if (NEVER.has(code)) campaign.broken.push(`${clientId} was refused with ${code}`);
        await books.check(received);
        campaign.assertSound(round);
      }
      await books.checkAtRest();
      const released = segments().filter(([oldest]) => oldest !== 1).length;
      campaign.count('journals_that_let_go', released);
      if (campaign.rounds >= faults.length && released < premises.cluster.replicas.length)
        campaign.broken.push(`only ${released} journals have let go of what Kafka has`);
      campaign.lost.push(...(await premises.shippingDifferences()));
      campaign.broken.push(...(await premises.rebuildDifferences()));
      campaign.assertSound(campaign.rounds);
    },
    campaign.rounds * ROUND_MS_MAX,
  );
});
