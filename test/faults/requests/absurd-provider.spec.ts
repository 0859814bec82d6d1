import { answerStatus, answerWhole, type Behaviour } from '../../engines/scripted-upstream.js';
import { Campaign } from '../campaign.js';
import { BookCheck } from '../lab/book-check.js';
import type { Dice } from '../lab/dice.js';
import { InstallationUnderFault } from '../lab/installation-under-fault.js';
import { calmProvider } from '../lab/moody-provider.js';

const ROUND_MS_MAX = 60_000;
const NONSENSE = [-1, 0.5, 1e300, '12', null, Number.MIN_VALUE, [], {}] as const;

/** Answers that no contract of ours was written for. None of them says that it costs more than a request may. */
function absurd(dice: Dice): Behaviour {
  const usage = { prompt_tokens: dice.pick(NONSENSE), completion_tokens: dice.pick(NONSENSE), total_tokens: 3 };
  const headers = { 'retry-after': dice.pick(['-5', '1e400', 'never', '\t']) };
  const name = dice.pick(['a\u0000b', 'x'.repeat(5_000), '\ud83d', '']);
  return dice.pick([
    answerStatus(dice.between(600, 999), { error: { message: name, code: name, type: name } }, headers),
    answerStatus(dice.pick([400, 429, 500]), { error: { message: name, code: name, type: name } }, headers),
    answerStatus(200, { id: name, model: name, choices: [{ message: { content: name }, finish_reason: name }], usage }),
    answerWhole('fine', usage),
  ]);
}

describe('a provider whose answers make no sense', () => {
  const campaign = new Campaign('absurd-provider');
  let installation: InstallationUnderFault;
  let books: BookCheck;
  let isSound = false;

  const ask = async (): Promise<Response> => {
    const answer = await installation.gateway.request('/v1/chat/completions', {
      model: 'gpt-4o-mini',
      max_tokens: 16,
      messages: [{ role: 'user', content: 'Hello!' }],
    });
    await answer.text(); // its facts are on disk at its end
    return answer;
  };

  beforeAll(async () => {
    installation = await InstallationUnderFault.create(answerWhole());
    books = new BookCheck(campaign, installation);
    await installation.start();
  });
  afterAll(async () => {
    campaign.report();
    await installation.discard(!isSound);
  });

  it(
    'is booked or closed like any other, and nothing stays held',
    async () => {
      for (let round = 1; round <= campaign.rounds; round += 1) {
        installation.upstream.behaviour = absurd(campaign.dice(round));
        const { status } = await ask();
        campaign.injected += 1;
        if (status === 500) campaign.broken.push(`the caller got a 500: ${installation.gateway.printed}`);
      }
      await books.check([]);
      installation.upstream.behaviour = calmProvider(campaign.dice(0));
      await books.checkAtRest();
      campaign.assertSound(campaign.rounds);
    },
    campaign.rounds * ROUND_MS_MAX,
  );

  it('cannot spend so much that the books close, or that the gateway does not start again', async () => {
    const [prompt_tokens, completion_tokens] = [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];
    installation.upstream.behaviour = answerWhole('a lot', { prompt_tokens, completion_tokens });
    campaign.injected += 1;
    expect((await ask()).status).toBe(200);
    expect((await ask()).status).toBe(402);

    await installation.kill();
    await installation.start();
    await books.check([]);
    expect((await ask()).status).toBe(402);
    campaign.assertSound(campaign.rounds);
    isSound = true;
  });
});
