import { setTimeout as pause } from 'node:timers/promises';
import type { Direction, FaultyProxy } from '../../engines/faulty-proxy.js';
import { describeWithKafka } from '../../engines/kafka-broker.js';
import { waitUntil } from '../../engines/wait-until.js';
import { Campaign } from '../campaign.js';
import { BookCheck } from '../lab/book-check.js';
import { ENGINES, type EngineName } from '../lab/cluster-roads.js';
import { ClusterUnderFault } from '../lab/cluster-under-fault.js';
import type { Crowd } from '../lab/crowd.js';
import type { Dice } from '../lab/dice.js';
import { PROBE, moodyProvider } from '../lab/moody-provider.js';

const ROUND_MS_MAX = 400_000;
const CROWD_SIZE = 20;
type Range = readonly [shortest: number, longest: number];
const CUT_OFF_MS = [4_000, 7_000] as const;
const CUT_OFF_MS_NIGHTLY = [10_000, 120_000] as const;
/** So long a gateway surely spends what it has leased without a word from the authority: slices differ in age. */
const SPENDS_MS = 8_000;
/** From then on it holds nothing more without a word. */
const LEASE_MS = 30_000;
const BEYOND_LEASE_MS = [LEASE_MS + 1_000, LEASE_MS + 2_000] as const;
/** Longer than a gateway takes to answer that has money in hand, and less than it waits for the authority. */
const ANSWERS_WITHIN_MS = 5_000;
const ASKED_BEYOND_LEASE = 5;
/** The first slices are small; after so many answers a gateway has one per cent of the budget in hand. */
const ANSWERED_FIRST = 100;
/** What is promised once everything passes again. */
const BACK_WITHIN_MS = 30_000;
/** Room for some hundred requests, which are asked while a gateway is cut off; and for as many as anybody may ask. */
const TIGHT_NANO_USD = 3_000_000_000n;
const AMPLE_NANO_USD = 50_000_000_000_000n;
const LIMITS = [{ name: 'ample', scope: 'key', of: '*', requestsPerMinute: 1_000_000, concurrentRequests: 100_000 }];
/** Refusals that nothing gives reason for while there is room, whoever is cut off from whom. */
const PHANTOMS = new Set(['budget_exhausted', 'budget_held', 'rate_limit_exceeded', 'internal_error']);

/** What the rounds of a pull request do, one after the other. */
const IN_TURN: readonly { readonly engine: EngineName; readonly isTight?: true; readonly lasts?: Range }[] = [
  { engine: 'kafka' },
  { engine: 'postgres', isTight: true },
  { engine: 'redis' },
  { engine: 'postgres', lasts: BEYOND_LEASE_MS },
];

/** One partition. */
interface Plan {
  readonly engine: EngineName;
  readonly gateway: number;
  readonly struck: readonly FaultyProxy[];
  readonly direction: Direction;
  readonly lastsMs: number;
  /** The network has forgotten connections by its end: they stay open, and silent. */
  readonly forgets: boolean;
  /** What all gateways may spend meanwhile is scarce. */
  readonly isTight: boolean;
}

describeWithKafka('a replica that is cut off', () => {
  const campaign = new Campaign('partition');
  let premises: ClusterUnderFault;

  beforeAll(async () => {
    premises = await ClusterUnderFault.create(moodyProvider(campaign.dice(-1)), {
      hasRoads: true,
      settings: { limits: LIMITS },
    });
  });
  afterAll(async () => {
    campaign.report();
    await premises.discard();
  });

  const plan = (round: number, dice: Dice): Plan => {
    const inTurn = IN_TURN[(campaign.seed + round) % IN_TURN.length];
    const engine = campaign.isNightly ? dice.pick(ENGINES) : (inTurn?.engine ?? 'kafka');
    const gateway = dice.between(0, 2);
    const [shortest, longest] = campaign.isNightly ? CUT_OFF_MS_NIGHTLY : (inTurn?.lasts ?? CUT_OFF_MS);
    const names = [`gateway-${gateway}`];
    if (engine !== 'redis' && dice.oneIn(2)) names.push(`projector-${dice.between(0, 1)}`);
    return {
      engine,
      gateway,
      struck: names.flatMap((name) => premises.roads.of.get(name)?.[engine] ?? []),
      direction: dice.pick(['both', 'toServer', 'toClient']),
      lastsMs: dice.between(shortest, longest),
      forgets: dice.oneIn(2),
      isTight: campaign.isNightly ? engine === 'postgres' && dice.oneIn(2) : (inTurn?.isTight ?? false),
    };
  };
  /** Status of one request at a gateway. */
  const ask = async (gateway: number): Promise<number> => {
    const messages = [{ role: 'user', content: 'Are you there?' }];
    const body = { model: 'gpt-4o-mini', user: PROBE, max_tokens: 16, messages };
    return (await premises.gateways[gateway]!.request('/v1/chat/completions', body)).status;
  };
  /** Whoever has heard nothing of the authority for as long as a lease lasts answers nobody. */
  const assertLeaseOver = async ({ gateway }: Plan): Promise<void> => {
    const statuses: number[] = [];
    for (let asked = 0; asked < ASKED_BEYOND_LEASE; asked += 1)
      ask(gateway).then(
        (status) => statuses.push(status),
        () => undefined,
      );
    await pause(ANSWERS_WITHIN_MS);
    campaign.count('asked_beyond_lease', ASKED_BEYOND_LEASE);
    if (statuses.includes(200)) campaign.broken.push(`gateway-${gateway} goes on with slices whose lease is over`);
  };

  const cutOff = async (planned: Plan): Promise<void> => {
    const { engine, struck, direction, lastsMs, forgets } = planned;
    const held = (): number => struck.reduce((sum, { counts }) => sum + counts.held, 0);
    const before = held();
    for (const proxy of struck) proxy.blackhole(direction);
    await pause(lastsMs);
    if (engine === 'postgres' && lastsMs > LEASE_MS) await assertLeaseOver(planned);
    if (forgets) for (const proxy of struck) campaign.count('connections_forgotten', proxy.forget());
    for (const proxy of struck) proxy.heal();
    if (held() === before) campaign.broken.push('nothing was on its way while the network was cut');
    campaign.injected += 1;
  };

  /** Statuses of one request at each gateway; 0 where it takes too long. */
  const probe = (): Promise<number[]> =>
    Promise.all(
      premises.gateways.map((_, gateway) => Promise.race([ask(gateway), pause(BACK_WITHIN_MS, 0, { ref: false })])),
    );
  /** Everybody answers as he should; how long that took. */
  const isBack = async (isGood: (status: number) => boolean): Promise<number> => {
    const healedMs = performance.now();
    const isLate = (): boolean => performance.now() - healedMs > BACK_WITHIN_MS;
    await waitUntil(async () => (await probe()).every(isGood) || isLate());
    return Math.round(performance.now() - healedMs);
  };

  const assertAnswered = ({ engine, gateway, lastsMs, isTight }: Plan, answered: readonly number[]): void => {
    const mayFail = (index: number): boolean =>
      isTight || (engine === 'postgres' && index === gateway && lastsMs > SPENDS_MS && lastsMs <= LEASE_MS);
    if (answered.some((count, index) => count === 0 && !mayFail(index)))
      campaign.broken.push(`answered while gateway ${gateway} was cut off from ${engine}: ${answered.join(' ')}`);
  };
  const assertNoPhantom = (crowds: readonly Crowd[]): void => {
    for (const { code, clientId } of crowds.flatMap(({ received }) => received))
      if (PHANTOMS.has(code)) campaign.broken.push(`${clientId} was refused with ${code} although there was room`);
  };

  const assertBack = async ({ engine }: Plan, isGood: (status: number) => boolean): Promise<void> => {
    const tookMs = await isBack(isGood);
    campaign.count(`${engine}_back_ms`, tookMs);
    if (tookMs > BACK_WITHIN_MS) campaign.broken.push(`gateways were back after ${tookMs} ms`);
  };

  it(
    'overspends nothing, loses nothing, and goes on by itself when everything passes again',
    async () => {
      const books = new BookCheck(campaign, premises);
      for (let round = 1; round <= campaign.rounds; round += 1) {
        const dice = campaign.dice(round);
        const planned = plan(round, dice);
        const crowds = premises.crowds(`r${round}`, dice, CROWD_SIZE);
        await Promise.all(crowds.map((crowd) => crowd.answered(planned.lastsMs > LEASE_MS ? ANSWERED_FIRST : 1)));
        if (planned.isTight) await premises.leaveRoom(TIGHT_NANO_USD);
        const before = crowds.map(({ answeredWell }) => answeredWell);
        await cutOff(planned);
        campaign.count(`${planned.engine}_${planned.direction}`);
        const meanwhile = crowds.map(({ answeredWell }, index) => answeredWell - (before[index] ?? 0));
        assertAnswered(planned, meanwhile);
        await assertBack(
          planned,
          (status) => status === 200 || (planned.isTight && (status === 402 || status === 429)),
        );
        campaign.assertSound(round); // whoever waits for ever is found here
        await Promise.all(crowds.map((crowd) => crowd.stop()));
        if (planned.isTight) {
          await premises.settled();
          await books.checkReturned(); // within the scarce limit
          await premises.leaveRoom(AMPLE_NANO_USD);
          await assertBack(planned, (status) => status === 200); // everybody hears of a new limit
        } else assertNoPhantom(crowds);

        const { received, refused } = await premises.askAfterwards(`a${round}`, dice);
        campaign.broken.push(...refused);
        await premises.settled();
        const answers = [...crowds.flatMap((crowd) => crowd.received), ...received];
        await books.check(answers.filter(({ code }) => !planned.isTight || !PHANTOMS.has(code)));
        campaign.assertSound(round);
      }
      await books.checkAtRest();
      campaign.broken.push(...(await premises.rebuildDifferences()));
      campaign.assertSound(campaign.rounds);
    },
    campaign.rounds * ROUND_MS_MAX,
  );
});
