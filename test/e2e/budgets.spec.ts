import { ScriptedUpstream, answerStatus, answerWhole, type Behaviour } from '../engines/scripted-upstream.js';
import { Standalone, TEST_KEY, newDataDir } from '../engines/standalone.js';
import { waitUntil } from '../engines/wait-until.js';

const CHAT = '/v1/chat/completions';
/** Nano-USD of a token, in or out, of the models whose prices stand in the file. */
const TOKEN_NANO_USD = 1_000;
const ONE_DOLLAR_PER_MILLION = { inputPerMillionUsd: '1', outputPerMillionUsd: '1' };

const dataDir = newDataDir();
let upstream: ScriptedUpstream;
let gateway: Standalone;

beforeAll(async () => {
  upstream = await ScriptedUpstream.start();
});

afterAll(async () => {
  await gateway.discard();
  await upstream.close();
});

beforeEach(() => {
  upstream.calls.length = 0;
  upstream.behaviour = answerWhole();
});

/** Whatever happened, nothing stays held. */
afterEach(async () => {
  await waitUntil(async () => (await gateway.metric('overture_open_holds')) === 0);
  expect(await gateway.metric('overture_held_nano_usd')).toBe(0);
});

/** Starts on the data of the starts before. */
async function startWith(more: { budgets: object[]; routing?: object }, environment = {}): Promise<void> {
  gateway = await Standalone.start({
    dataDir,
    environment,
    config: {
      connections: [
        {
          slug: 'own',
          provider: 'custom',
          baseUrl: upstream.baseUrl,
          models: [{ name: 'ours', prices: ONE_DOLLAR_PER_MILLION, maxOutputTokens: 500 }, 'nameless'],
        },
        { slug: 'openai', provider: 'openai', apiKey: 'sk-x', baseUrl: upstream.baseUrl, models: ['gpt-4o-mini'] },
      ],
      ...more,
    },
  });
}

const used = (prompt: number, completion: number, more: object = {}): Behaviour =>
  answerWhole('hello', { prompt_tokens: prompt, completion_tokens: completion, ...more });

async function codeOf(answer: Response): Promise<string> {
  const { error } = (await answer.json()) as { error?: { code: string } };
  return `${answer.status} ${error?.code ?? 'ok'}`;
}

/**
 * As a client does that is told to come back: asks again while the money is held, or the machine has too much to do.
 */
async function untilAnswered(ask: () => Promise<Response>): Promise<string> {
  for (;;) {
    const code = await codeOf(await ask());
    if (code !== '429 budget_held' && code !== '503 overloaded') return code;
  }
}

const count = (codes: readonly string[], code: string): number => codes.filter((one) => one === code).length;

/**
 * A request of which at most 100 tokens are billed: as many as it has bytes and 8 for the message, and 10 of output.
 */
const HUNDRED_TOKENS = ((): string => {
  const body = (content: string): string =>
    JSON.stringify({ model: 'ours', max_tokens: 10, messages: [{ role: 'user', content }] });
  return body('x'.repeat(100 - 10 - 8 - body('').length));
})();

describe('a budget of 10,000 tokens', () => {
  beforeAll(() =>
    startWith(
      {
        budgets: [{ name: 'edge', scope: 'project', of: 'default', period: 'total', limitUsd: '0.01' }],
        routing: { unpricedModels: 'block' },
      },
      { OVERTURE_BOOTSTRAP_KEY: '' },
    ),
  );
  afterAll(() => gateway.stop());

  const key = (): string => /sk-igris-\S+/.exec(gateway.printed)?.[0] ?? '';
  const ask = (body: string): Promise<Response> => gateway.request(CHAT, body, { authorization: `Bearer ${key()}` });

  it('takes exactly a hundred of two hundred requests of 100 tokens that come at once', async () => {
    upstream.behaviour = used(90, 10);
    const asked = Array.from({ length: 200 }, () => untilAnswered(() => ask(HUNDRED_TOKENS)));
    const codes = await Promise.all(asked);
    expect(count(codes, '200 ok')).toBe(100);
    expect(count(codes, '402 budget_exhausted')).toBe(100);
    expect(upstream.calls).toHaveLength(100);
    expect(await gateway.metric('overture_charged_nano_usd_total{connection="own"}')).toBe(10_000 * TOKEN_NANO_USD);
  });

  it('is then exhausted, and says which it is and what to do', async () => {
    const answer = await ask(HUNDRED_TOKENS);
    expect(answer.status).toBe(402);
    expect(answer.headers.get('retry-after')).toBeNull();
    expect(await answer.json()).toMatchObject({
      error: {
        type: 'insufficient_quota',
        code: 'budget_exhausted',
        message: /"edge".*0\.01 of 0\.01 USD.*raise the limit/,
      },
    });
    expect(upstream.calls).toEqual([]);
  });

  it('does not answer for models without a price where the operator blocks those', async () => {
    expect(await codeOf(await ask('{"model":"nameless","messages":[{"role":"user","content":"hi"}]}'))).toBe(
      '403 unpriced_model',
    );
  });
});

describe('after a restart', () => {
  let firstKey = '';
  let lastOfPurse: Response;

  beforeAll(async () => {
    firstKey = /sk-igris-\S+/.exec(gateway.printed)?.[0] ?? '';
    await startWith({
      budgets: [
        { name: 'edge', scope: 'project', of: 'default', period: 'total', limitUsd: '0.015' },
        { name: 'purse', scope: 'key', of: 'first', period: 'month', limitUsd: '0.002' },
      ],
    });
  });

  const askAs = (key: string, body: unknown): Promise<Response> =>
    gateway.request(CHAT, body, { authorization: `Bearer ${key}` });

  it('what was spent is still spent: of a raised limit only the rise is left', async () => {
    upstream.behaviour = used(1, 1);
    const refused = await gateway.chat('ours', { max_tokens: 5_000 });
    expect(refused.status).toBe(402);
    expect(await refused.json()).toMatchObject({ error: { message: /"edge".*0\.01 of 0\.015 USD used/ } });
    expect((await gateway.chat('ours', { max_tokens: 4_900 })).status).toBe(200);
  });

  it('requests that cost less than they may are taken until the next one might not fit', async () => {
    upstream.behaviour = used(15, 5);
    const ask = async (): Promise<Response> => {
      const answer = await askAs(firstKey, HUNDRED_TOKENS);
      if (answer.status === 200) lastOfPurse = answer;
      return answer;
    };
    const asked = Array.from({ length: 200 }, () => untilAnswered(ask));
    const codes = await Promise.all(asked);
    // 2,000 tokens are in the purse. A request takes 20 in the end, but needs 100 to begin with.
    expect(count(codes, '200 ok')).toBe((2_000 - 100) / 20 + 1);
    expect(count(codes, '402 budget_exhausted')).toBe(200 - count(codes, '200 ok'));
  });

  it('a key whose purse is empty leaves the project its own; what a key spends counts for both', async () => {
    expect(await codeOf(await askAs(firstKey, HUNDRED_TOKENS))).toBe('402 budget_exhausted');
    const answer = await askAs(TEST_KEY, HUNDRED_TOKENS);
    expect(answer.status).toBe(200);
    expect((await gateway.recordOf(answer)).charge?.budgets).toMatchObject([{ period: 'total' }]);
    const { charge, routed } = await gateway.recordOf(lastOfPurse);
    expect(charge?.budgets).toMatchObject([{ period: 'total' }, { period: /^\d{4}-\d{2}$/ }]);
    expect(charge?.budgets).toEqual(routed?.hold.budgets);
  });
});

describe('a request on a budget', () => {
  const LIMIT_NANO_USD = 2_000 * TOKEN_NANO_USD;

  beforeAll(async () => {
    await gateway.stop();
    await startWith({ budgets: [{ name: 'fresh', scope: 'key', of: 'bootstrap', period: 'day', limitUsd: '0.002' }] });
  });

  const leftNanoUsd = async (): Promise<number> => {
    const charged = ['own', 'openai'].map((slug) =>
      gateway.metric(`overture_charged_nano_usd_total{connection="${slug}"}`),
    );
    return (await Promise.all(charged)).reduce((left, amount) => left - amount, LIMIT_NANO_USD);
  };

  it('is priced to the nano-USD, cache and reasoning included, by the rates that stand in its charge', async () => {
    upstream.behaviour = used(1_001, 111, {
      prompt_tokens_details: { cached_tokens: 600 },
      completion_tokens_details: { reasoning_tokens: 11 },
    });
    const answer = await gateway.chat('gpt-4o-mini', { max_tokens: 111 });
    // 401 × 150 + 600 × 75 + 111 × 600 nano-USD.
    expect(await answer.text()).toContain('"cost_usd":0.00017175,');
    const { charge } = await gateway.recordOf(answer);
    expect(charge).toMatchObject({
      amount_nano_usd: '171750',
      lines: [
        {
          usage: { uncached: 401, cache_read: 600, output: 100, reasoning: 11 },
          rates: { uncached: '150000', cache_read: '75000', output: '600000', reasoning: '600000' },
        },
      ],
    });
  });

  it('of a model without a price costs nobody knows what: null, and counted apart', async () => {
    const answer = await gateway.chat('nameless', { max_tokens: 10 });
    expect(await answer.text()).toContain('"cost_usd":null,');
    expect((await gateway.recordOf(answer)).charge).toMatchObject({
      amount_nano_usd: null,
      lines: [{ usage: { uncached: 20, output: 10 }, rates: null, amount_nano_usd: null }],
    });
    expect(await gateway.metric('overture_unpriced_total{connection="own",model="nameless"}')).toBe(1);
  });

  it('that fails gives everything back', async () => {
    upstream.behaviour = answerStatus(400, { error: { message: 'No.' } });
    for (let turn = 0; turn < 5; turn++) expect((await gateway.chat('ours', { max_tokens: 1_500 })).status).toBe(400);
    upstream.behaviour = used(1, 1);
    expect((await gateway.chat('ours', { max_tokens: 1_500 })).status).toBe(200);
  });

  it('waits for its turn, told so with 429, while only open requests stand in its way', async () => {
    const release = Promise.withResolvers<void>();
    upstream.behaviour = async (call, response) => {
      await release.promise;
      await used(1, 1)(call, response);
    };
    const first = gateway.chat('ours', { max_tokens: 1_500 });
    await waitUntil(() => upstream.calls[0]);
    const second = await gateway.chat('ours', { max_tokens: 1_500 });
    expect(second.headers.get('retry-after')).toBe('1');
    expect(await codeOf(second)).toBe('429 budget_held');
    release.resolve();
    expect((await first).status).toBe(200);
    expect((await gateway.chat('ours', { max_tokens: 1_500 })).status).toBe(200);
    expect(upstream.calls).toHaveLength(2);
  });

  it('that names no limit gets one: what the model can, or less if the budget buys less', async () => {
    upstream.behaviour = used(1_000, 400);
    expect((await gateway.chat('ours')).status).toBe(200);
    expect(upstream.calls[0]?.body['max_tokens']).toBe(500);
    const left = await leftNanoUsd();
    upstream.behaviour = used(10, 10);
    const answer = await gateway.chat('ours');
    const { routed } = await gateway.recordOf(answer);
    const outputTokens = upstream.calls[1]?.body['max_tokens'] as number;
    expect(outputTokens).toBe(Math.floor(left / TOKEN_NANO_USD) - (routed?.input.tokens_bound ?? 0));
    expect(Number(routed?.hold.amount_nano_usd)).toBeLessThanOrEqual(left);
  });

  it('that cost more than was held is booked as it is, and the next one finds the budget exhausted', async () => {
    upstream.behaviour = used(5_000, 5_000);
    const answer = await gateway.chat('ours', { max_tokens: 10 });
    expect(await answer.json()).toMatchObject({ metadata: { cost_usd: 0.01 } });
    expect((await gateway.recordOf(answer)).charge).toMatchObject({ amount_nano_usd: '10000000', state: 'settled' });
    expect(await codeOf(await gateway.chat('ours', { max_tokens: 1 }))).toBe('402 budget_exhausted');
  });
});
