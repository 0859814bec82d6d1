import type { ScriptedUpstream, UpstreamCall } from '../../engines/scripted-upstream.js';
import { Campaign } from '../campaign.js';
import { BookCheck } from '../lab/book-check.js';
import type { Dice } from '../lab/dice.js';
import { InstallationUnderFault } from '../lab/installation-under-fault.js';
import { judgeAnswer } from './provider/judge-answer.js';
import { MISBEHAVIOURS, type Ending, type Misbehaviour, type Patience } from './provider/misbehaviours.js';
import { behaving } from './provider/wire.js';

const ROUND_MS_MAX = 600_000;
/** Misbehaviours that are played at a time, each with a model, and so with breakers, of its own. */
const AT_ONCE = 6;
/** Enough that a provider that behaves is never too late, whatever else the machine does. */
const SHORT_MS = 1_500;
const PATIENCE: readonly Patience[] = ['headersMs', 'firstTokenMs', 'idleMs', 'totalMs'];
/** Where nobody else is left it is asked so often that its breaker would be open: three attempts each. */
const ALONE_TIMES = 2;

const modelOf = (index: number): string => `model-${index}`;
const slugOf = ({ shortOf }: Misbehaviour): string => (shortOf === undefined ? 'alpha' : shortOf.toLowerCase());

function settings(upstream: ScriptedUpstream): object {
  const prices = { inputPerMillionUsd: '1', outputPerMillionUsd: '2' };
  const models = [...MISBEHAVIOURS.keys()].map((index) => ({ name: modelOf(index), prices: { ...prices } }));
  const connection = (slug: string, more: object = {}): object => ({
    slug,
    provider: 'custom',
    baseUrl: upstream.baseUrlOf(slug),
    apiKey: 'sk-upstream',
    models: structuredClone(models), // YAML would make references of what is shared
    ...more,
  });
  const probed = (): object => structuredClone({ models: [...models, { name: 'gpt-4o-mini', prices }] });
  return {
    connections: [
      connection('alpha', probed()),
      connection('beta', probed()),
      ...PATIENCE.map((patience) => connection(patience.toLowerCase(), { timeouts: { [patience]: SHORT_MS } })),
    ],
    groups: Object.fromEntries(
      MISBEHAVIOURS.map((one, index) => [
        `pair-${index}`,
        [`${slugOf(one)}/${modelOf(index)}`, `beta/${modelOf(index)}`],
      ]),
    ),
    routing: { strategy: 'round-robin' },
  };
}

/** One misbehaviour of a round. */
interface Play {
  readonly index: number;
  readonly one: Misbehaviour;
  readonly stream: boolean;
}

function shuffled(dice: Dice): Play[] {
  const plays = MISBEHAVIOURS.map((one, index) => ({
    index,
    one,
    stream: one.stream ?? dice.oneIn(2),
    at: dice.next(),
  }));
  return plays.sort((a, b) => a.at - b.at);
}

describe('a provider that does what none should', () => {
  const campaign = new Campaign('misbehaving-provider');
  /** Models whose first connection misbehaves. */
  const struck = new Set<string>();
  let installation: InstallationUnderFault;
  let books: BookCheck;

  const misbehave = async (call: UpstreamCall, response: Parameters<Misbehaviour['behaviour']>[1]): Promise<void> => {
    const one = MISBEHAVIOURS[Number(/^model-(\d+)$/.exec(call.body.model)?.[1])];
    const isStruck = one !== undefined && struck.has(call.body.model) && call.path.startsWith(`/${slugOf(one)}/`);
    if (isStruck) campaign.injected += 1;
    await (isStruck ? one.behaviour : behaving)(call, response);
  };

  beforeAll(async () => {
    installation = await InstallationUnderFault.create(misbehave, { settings });
    books = new BookCheck(campaign, installation);
  });
  afterAll(async () => {
    campaign.report();
    await installation.discard(!campaign.isSound);
  });

  const callsTo = (slug: string, index: number): number =>
    installation.upstream.calls.filter(
      ({ path, body }) => path.startsWith(`/${slug}/`) && body.model === modelOf(index),
    ).length;

  /** Asks once; how the request ended, unless something about it is wrong. */
  const ask = async (model: string, { one, stream }: Play): Promise<Ending | null> => {
    const answer = await installation.gateway.chat(model, { stream, max_tokens: 64 });
    const got = { status: answer.status, text: await answer.text(), stream };
    const judged = judgeAnswer(got, await installation.gateway.recordOf(answer));
    campaign.checked += 1;
    if ('ending' in judged) return judged.ending;
    campaign.broken.push(`${one.name} (${model}, stream: ${stream}): ${judged.wrong}`);
    return null;
  };
  const expectEnding = async (model: string, play: Play, ending: Ending): Promise<void> => {
    const found = await ask(model, play);
    if (found === null || found === ending) return;
    campaign.broken.push(`${play.one.name} (${model}, stream: ${play.stream}) ended as ${found}, not as ${ending}`);
  };

  const play = async (one: Play): Promise<void> => {
    const { ending } = one.one;
    const [slug, model] = [slugOf(one.one), modelOf(one.index)];
    const alone = `@${slug}/${model}`;
    struck.add(model);
    for (let isHit = false; !isHit;) {
      const before = callsTo(slug, one.index);
      const found = await ask(`pair-${one.index}`, one);
      isHit = callsTo(slug, one.index) > before;
      const expected = isHit ? ending : 'answer';
      if (found !== null && found !== expected)
        campaign.broken.push(`${one.one.name} beside another (stream: ${one.stream}): ${found}, not ${expected}`);
    }
    for (let times = 0; times < ALONE_TIMES; times += 1)
      await expectEnding(alone, one, ending === 'next' ? 'refusal' : ending);
    struck.delete(model);
    const before = callsTo(slug, one.index);
    await expectEnding(alone, one, 'answer');
    if (callsTo(slug, one.index) === before) campaign.broken.push(`${one.one.name}: the last candidate was ejected`);
  };

  it(
    'is answered for, booked once and left alone while there is another, and asked again while there is none',
    async () => {
      expect(MISBEHAVIOURS.length).toBeGreaterThanOrEqual(40);
      for (let round = 1; round <= campaign.rounds; round += 1) {
        await installation.start(); // breakers are a process's own
        const plays = shuffled(campaign.dice(round));
        const players = Array.from({ length: AT_ONCE }, async () => {
          for (let next = plays.pop(); next !== undefined; next = plays.pop()) await play(next);
        });
        await Promise.all(players);
        installation.upstream.calls.length = 0;
        await books.check([]);
        await books.checkAtRest();
        campaign.assertSound(round);
        if (round < campaign.rounds) await installation.gateway.stop();
      }
      campaign.broken.push(...(await installation.rebuildDifferences()));
      campaign.count('behaviours', MISBEHAVIOURS.length);
      campaign.assertSound(campaign.rounds);
    },
    campaign.rounds * ROUND_MS_MAX,
  );
});
