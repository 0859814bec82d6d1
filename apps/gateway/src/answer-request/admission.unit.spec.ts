import { Clock, GatewayError, type ChatRequest } from '#contracts';
import { UuidV7Source } from '#event-log';
import { BudgetBook, MemorySliceAuthority, type Budget } from '#ledger';
import { resolveConnections } from '../config/resolve-connections.js';
import { BudgetDirectory } from '../feeds/budget-directory.js';
import { ConnectionBook } from '../routes/connection-book.js';
import { Admission, type AdmissionRules } from './admission.js';
import type { LimitGate, LimitPass, PassRequest } from '../traffic/limit-gate.js';
import type { InboundCall } from './inbound-call.js';

const USD = 1_000_000_000n;
const NOON = Date.UTC(2026, 10, 21, 12);

class StillClock extends Clock {
  epochMs(): number {
    return NOON;
  }
  monotonicMs(): number {
    return 1_000;
  }
}

const model = (name: string, usdPerMillion: string, maxOutputTokens = 1_000) => ({
  name,
  maxOutputTokens,
  prices: { inputPerMillionUsd: '0', outputPerMillionUsd: usdPerMillion },
});

/** `cheap` costs 1 USD per 1000 tokens of output, `dear` ten times as much, and of `unknown` nobody knows the price. */
const { connections } = resolveConnections(
  {
    connections: [
      { slug: 'one', provider: 'custom', baseUrl: 'http://127.0.0.1:9', models: [model('cheap', '1000.00')] },
      {
        slug: 'two',
        provider: 'custom',
        baseUrl: 'http://127.0.0.1:9',
        models: [model('dear', '10000.00'), { name: 'unknown', maxOutputTokens: 1_000 }],
      },
      {
        slug: 'three',
        provider: 'qwen',
        baseUrl: 'http://127.0.0.1:9',
        apiKey: 'sk-qwen',
        models: [model('qwen-plus', '1.00')],
      },
    ],
  },
  { variables: {}, problems: [] },
);
const GROUPS = { both: ['one/cheap', 'two/dear'], mixed: ['one/cheap', 'two/unknown'] };

const budget = (more: Partial<Budget> = {}): Budget => ({
  id: 'b-key',
  name: 'nightly jobs',
  scope: 'key',
  scopeId: 'key-1',
  period: 'day',
  limitNanoUsd: 100n * USD,
  ...more,
});
const PROJECT_BUDGET = budget({ id: 'b-project', scope: 'project', scopeId: 'acme-prod', period: 'total' });

async function setting(
  budgets: readonly Budget[],
  rules: AdmissionRules = { unpricedModels: 'allow' },
  limits?: Pick<LimitGate, 'pass'>,
) {
  const authority = new MemorySliceAuthority(new Map(budgets.map(({ id, limitNanoUsd }) => [id, limitNanoUsd])));
  const book = new BudgetBook(authority, 'slot-0');
  await book.restore([]);
  const directory = new BudgetDirectory();
  directory.replaceAll(budgets);
  const clock = new StillClock();
  const sources = { clock, ids: new UuidV7Source(clock) };
  const admission = new Admission(new ConnectionBook(connections, GROUPS), { book, directory }, sources, rules, limits);
  const admit = (request: Partial<ChatRequest>, receivedEpochMs = NOON) =>
    admission.admit({
      requestId: sources.ids.next(),
      principal: { orgId: 'acme', tenantId: 'acme-prod', keyId: 'key-1' },
      chat: { request: { model: 'cheap', messages: [], ...request }, bytes: Buffer.alloc(100) },
      receivedEpochMs,
    } as unknown as InboundCall);
  return { admission, admit, book };
}

describe('admission', () => {
  it('holds the worst case in every budget above the key, as RequestRouted will say', async () => {
    const { admit, book } = await setting([PROJECT_BUDGET, budget(), budget({ id: 'b-other', scopeId: 'key-2' })]);
    const { hold, holdFacts } = await admit({ max_tokens: 100 });
    expect(hold.amountNanoUsd).toBe(USD / 10n);
    expect(holdFacts).toEqual({
      id: hold.id,
      amount_nano_usd: String(USD / 10n),
      budgets: [
        { budget_id: 'b-project', period: 'total' },
        { budget_id: 'b-key', period: '2026-11-21' },
      ],
    });
    expect(book.snapshot()).toMatchObject({ openHolds: 1, heldNanoUsd: USD / 10n });
  });

  it('reckons with the dearest candidate, for any may be tried', async () => {
    const { admit } = await setting([budget()]);
    const { hold, resolved } = await admit({ model: 'both', max_tokens: 100 });
    expect(resolved.candidates.map(({ id }) => id)).toEqual(['one/cheap', 'two/dear']);
    expect(hold.amountNanoUsd).toBe(USD);
  });

  it.each<[object, boolean]>([
    [{}, false],
    [{ reasoning_effort: 'none' }, false],
    [{ reasoning_effort: 'low' }, true],
    [{ enable_thinking: true }, true],
    [{ enable_thinking: false }, false],
  ])('holds the reasoning that max_tokens does not bound when it is asked for, as by %j', async (wish, reasons) => {
    const { admit } = await setting([]);
    const { outputTokensBound } = await admit({ model: 'qwen-plus', max_tokens: 100, ...wish });
    expect(outputTokensBound > 100).toBe(reasons);
  });

  it('books a request to the period in which it arrived', async () => {
    const { admit } = await setting([budget()]);
    const { holdFacts } = await admit({ max_tokens: 1 }, NOON + 24 * 3_600_000);
    expect(holdFacts.budgets).toEqual([{ budget_id: 'b-key', period: '2026-11-22' }]);
  });

  it('limits an answer to what the budget still buys when the caller named no limit', async () => {
    const { admit } = await setting([budget({ limitNanoUsd: USD / 2n })]);
    const { hold, injectedOutputTokens, outputTokensBound } = await admit({});
    expect(hold.amountNanoUsd).toBe(USD / 2n);
    expect([injectedOutputTokens, outputTokensBound]).toEqual([500, 500]);
  });

  it.each([['max_tokens'], ['max_completion_tokens']])(
    'leaves a limit alone that the caller named as %s',
    async (name) => {
      const { admit } = await setting([budget()]);
      expect(await admit({ [name]: 100 })).toMatchObject({ injectedOutputTokens: null, outputTokensBound: 100 });
    },
  );

  it('limits nobody who has no budget', async () => {
    const { admit, book } = await setting([]);
    const { hold, holdFacts, injectedOutputTokens } = await admit({});
    expect(injectedOutputTokens).toBeNull();
    expect([hold.amountNanoUsd, holdFacts.budgets]).toEqual([USD, []]);
    expect(book.snapshot().accounts).toEqual([]);
  });

  it.each([
    ['402 when what is used leaves too little', { max_tokens: 100 }, 402, 'budget_exhausted'],
    ['404 for a model that nobody serves', { model: 'absent', max_tokens: 1 }, 404, 'model_not_found'],
  ])('refuses with %s, and holds nothing', async (_, request, status, code) => {
    const { admit, book } = await setting([PROJECT_BUDGET, budget({ limitNanoUsd: USD / 10n - 1n })]);
    await expect(admit(request)).rejects.toMatchObject({ status, code });
    expect(book.snapshot()).toMatchObject({ openHolds: 0, heldNanoUsd: 0n });
  });

  it('refuses with 429 while the holds of others stand in the way', async () => {
    const { admit, admission } = await setting([budget({ limitNanoUsd: USD / 10n })]);
    const first = await admit({ max_tokens: 100 });
    await expect(admit({ max_tokens: 1 })).rejects.toMatchObject({ status: 429, code: 'budget_held' });
    const failing = (): never => {
      throw new Error('no route');
    };
    expect(() => admission.orRelease(first, failing)).toThrow('no route');
    await expect(admit({ max_tokens: 100 })).resolves.toBeDefined();
  });

  it('keeps the money of a call that goes on', async () => {
    const { admit, admission, book } = await setting([budget()]);
    const admitted = await admit({ max_tokens: 100 });
    expect(admission.orRelease(admitted, () => 'routed')).toBe('routed');
    expect(book.snapshot().openHolds).toBe(1);
  });

  describe('of models without a known price', () => {
    it('holds nothing for them where they are allowed', async () => {
      const { admit } = await setting([budget()]);
      const { hold, priceOf } = await admit({ model: 'unknown', max_tokens: 100 });
      expect([hold.amountNanoUsd, priceOf('two/unknown')]).toEqual([0n, null]);
    });

    it('takes the priced candidates only where they are blocked', async () => {
      const { admit } = await setting([budget()], { unpricedModels: 'block' });
      const { resolved } = await admit({ model: 'mixed', max_tokens: 100 });
      expect(resolved.candidates.map(({ id }) => id)).toEqual(['one/cheap']);
    });

    it('refuses with 403 where they are blocked and there is no other', async () => {
      const { admit, book } = await setting([budget()], { unpricedModels: 'block' });
      await expect(admit({ model: 'unknown', max_tokens: 100 })).rejects.toMatchObject({
        status: 403,
        code: 'unpriced_model',
        param: 'model',
      });
      expect(book.snapshot().openHolds).toBe(0);
    });
  });
});

describe('admission under limits', () => {
  it('asks for the model as it was resolved, and for the most that the request can take', async () => {
    const asked: PassRequest[] = [];
    const pass: LimitPass = { headers: {}, end: () => undefined };
    const gate = { pass: (request: PassRequest) => (asked.push(request), Promise.resolve(pass)) };
    const { admit } = await setting([budget()], undefined, gate);
    const admitted = await admit({ model: 'both', max_tokens: 100 });
    expect(admitted.pass).toBe(pass);
    expect(asked).toMatchObject([{ keyId: 'key-1', tenantId: 'acme-prod', model: 'both' }]);
    expect(asked[0]?.tokensBound()).toBe(admitted.inputTokensBound + 100);
  });

  it('holds nothing for whom a limit stops', async () => {
    const stopped = new GatewayError('rate_limit_exceeded', 'Retry later.');
    const { admit, book } = await setting([budget()], undefined, { pass: () => Promise.reject(stopped) });
    await expect(admit({ max_tokens: 100 })).rejects.toBe(stopped);
    expect(book.snapshot()).toMatchObject({ openHolds: 0 });
  });

  it('ends the pass of a request that no budget lets in', async () => {
    const ended: (number | null)[] = [];
    const pass = { headers: {}, end: (tokens: number | null) => void ended.push(tokens) };
    const { admit } = await setting([budget({ limitNanoUsd: 1n })], undefined, { pass: () => Promise.resolve(pass) });
    await expect(admit({ max_tokens: 100 })).rejects.toMatchObject({ code: 'budget_exhausted' });
    expect(ended).toEqual([0]);
  });
});
