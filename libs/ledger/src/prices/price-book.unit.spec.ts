import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { NO_USAGE, type Usage } from '#contracts';
import { GENAI_PRICES_VERSION } from './genai-prices.js';
import type { ModelPrice } from './model-price.js';
import { PriceBook } from './price-book.js';
import { expectedCost, priceUsage, worstCase } from './price-usage.js';

const AT = Date.UTC(2026, 10, 21, 12);
const book = new PriceBook();

const priceOf = (provider: string, model: string, atMs = AT): ModelPrice => {
  const price = book.ratesFor({ candidate: `${provider}/${model}`, provider, model, atMs });
  if (price === null) throw new Error(`${provider}/${model} has no price`);
  return price;
};
const costOf = (name: string, used: Partial<Usage>, atMs = AT): bigint => {
  const [provider = '', model = ''] = name.split('/');
  const usage = { ...NO_USAGE, ...used };
  return priceUsage(priceOf(provider, model, atMs).resolve(usage), usage);
};

describe('prices of real models', () => {
  // Computed by hand from the providers' price pages: tokens × USD per million × 1000 = nano-USD.
  it.each<[string, Partial<Usage>, bigint]>([
    // 1000 × 2.50 + 500 × 10
    ['openai/gpt-4o', { uncached: 1000, output: 500 }, 7_500_000n],
    // 1 × 0.15 = 0.15 µUSD
    ['openai/gpt-4o-mini', { uncached: 1 }, 150n],
    // 100 × 2 + 900 × 0.5 + 50 × 8
    ['openai/gpt-4.1', { uncached: 100, cache_read: 900, output: 50 }, 1_050_000n],
    // 100 × 1.25 + 40 × 10 (output) + 60 × 10 (reasoning)
    ['openai/gpt-5', { uncached: 100, output: 40, reasoning: 60 }, 1_125_000n],
    // 10 × 2 + 20 × 0.20 + 30 × 2.50 + 40 × 10
    ['openai/gpt-6-sol', { uncached: 10, cache_read: 20, cache_write: 30, output: 40 }, 499_000n],
    // 100 × 3 + 1000 × 0.30 + 200 × 3.75 + 50 × 15
    ['anthropic/claude-sonnet-4-5', { uncached: 100, cache_read: 1000, cache_write: 200, output: 50 }, 2_100_000n],
    // 7 × 4 + 3 × 20
    ['anthropic/claude-opus-5-5', { uncached: 7, output: 3 }, 88_000n],
    // 1000 × 1 + 1000 × 5
    ['anthropic/claude-haiku-4-5', { uncached: 1000, output: 1000 }, 6_000_000n],
    // 1000 × 1.25 + 100 × 10
    ['gemini/gemini-2.5-pro', { uncached: 1000, output: 100 }, 2_250_000n],
    // 1000 × 0.30 + 10 × 1.00 (audio in) + 100 × 2.50
    ['gemini/gemini-2.5-flash', { uncached: 1000, audio_in: 10, output: 100 }, 560_000n],
    // 1000 × 0.20 + 100 × 0.05 + 10 × 0.50
    ['xai/grok-4-1-fast-non-reasoning', { uncached: 1000, cache_read: 100, output: 10 }, 210_000n],
    // 1000 × 1.50 + 10 × 7.50
    ['mistral/mistral-medium-latest', { uncached: 1000, output: 10 }, 1_575_000n],
    // 1000 × 0.95 + 500 × 0.16 + 10 × 4
    ['moonshot/kimi-k2.6', { uncached: 1000, cache_read: 500, output: 10 }, 1_070_000n],
    // 1000 × 0.30 + 100 × 0.06 + 10 × 0.375 + 10 × 1.20
    ['minimax/MiniMax-M2.7', { uncached: 1000, cache_read: 100, cache_write: 10, output: 10 }, 321_750n],
    // 1000 × 1.40 + 100 × 0.26 + 10 × 4.40
    ['zai/glm-5.3', { uncached: 1000, cache_read: 100, output: 10 }, 1_470_000n],
    // Overlay: 1000 × 0.60 + 100 × 0.11 + 10 × 2.20
    ['zai/glm-4.6', { uncached: 1000, cache_read: 100, output: 10 }, 633_000n],
    // Overlay, free of charge: known to be nothing.
    ['zai/glm-4.7-flash', { uncached: 1000, output: 1000 }, 0n],
    // Overlay: 1000 × 2 + 10 × 6
    ['qwen/qwen3.8-max', { uncached: 1000, output: 10 }, 2_060_000n],
  ])('%s costs what its price page says for %j', (name, usage, nanoUsd) => {
    expect(costOf(name, usage)).toBe(nanoUsd);
  });

  it('counts cached and written tokens into the length that picks the tier', () => {
    expect(costOf('gemini/gemini-2.5-pro', { uncached: 200_000 })).toBe(250_000_000n);
    expect(costOf('gemini/gemini-2.5-pro', { uncached: 200_001, output: 10 })).toBe(500_152_500n);
    expect(costOf('gemini/gemini-2.5-pro', { uncached: 1, cache_read: 200_000 })).toBe(50_002_500n);
  });

  it('has a tier begin only beyond its limit', () => {
    expect(costOf('qwen/qwen3-max', { uncached: 32_000, output: 1 })).toBe(38_406_000n);
    expect(costOf('qwen/qwen3-max', { uncached: 32_001, output: 1 })).toBe(76_814_400n);
    expect(costOf('qwen/qwen3-max', { uncached: 128_001 })).toBe(384_003_000n);
  });

  it('asks more for the whole answer of a Qwen model that reasoned', () => {
    expect(costOf('qwen/qwen-plus', { output: 1000 })).toBe(1_200_000n);
    expect(costOf('qwen/qwen-plus', { output: 1000, reasoning: 1000 })).toBe(8_000_000n);
  });

  it('follows prices that change by the hour', () => {
    const usage = { uncached: 1_000_000, cache_read: 1_000_000, output: 1_000_000 };
    const peak = Date.UTC(2026, 10, 21, 1);
    expect(costOf('deepseek/deepseek-v4-flash', usage, peak)).toBe(1_774_000_000n);
    expect(costOf('deepseek/deepseek-v4-flash', usage, peak - 1)).toBe(887_000_000n);
    expect(costOf('deepseek/deepseek-v4-flash', usage, Date.UTC(2026, 10, 21, 4))).toBe(887_000_000n);
    expect(costOf('deepseek/deepseek-v4-flash', usage, Date.UTC(2026, 10, 21, 9, 59, 59))).toBe(1_774_000_000n);
  });

  it('follows prices that change on a day', () => {
    const before = Date.UTC(2025, 5, 10) - 1;
    expect(costOf('openai/o3', { uncached: 1000 }, before)).toBe(10_000_000n);
    expect(costOf('openai/o3', { uncached: 1000 }, before + 1)).toBe(2_000_000n);
    expect(costOf('gemini/gemini-3.8-flash', { output: 1000 }, Date.UTC(2026, 11, 31))).toBe(3_750_000n);
    expect(costOf('gemini/gemini-3.8-flash', { output: 1000 }, Date.UTC(2027, 0, 1))).toBe(7_500_000n);
  });

  it('charges kinds of tokens without a rate of their own as plain input or output', () => {
    expect(costOf('openai/gpt-4', { cache_read: 1, cache_write: 1, audio_in: 1 })).toBe(90_000n);
    expect(costOf('openai/gpt-4', { reasoning: 1, audio_out: 1 })).toBe(120_000n);
  });

  it('adds a fee per request', () => {
    const own = { inputPerMillionUsd: '1', outputPerMillionUsd: '2', perRequestUsd: '0.000000003' };
    const price = new PriceBook(new Map([['a/m', { prices: own }]])).ratesFor({
      candidate: 'a/m',
      provider: 'custom',
      model: 'm',
      atMs: AT,
    });
    expect(price && priceUsage(price.resolve(NO_USAGE), NO_USAGE)).toBe(3n);
    expect(price && worstCase(price, { inputTokensBound: 2, outputTokensBound: 3 })).toBe(8_003n);
  });
});

describe('the price book', () => {
  it('has no price, and not zero, for what it does not know', () => {
    const ask = (provider: string, model: string) =>
      book.ratesFor({ candidate: `x-${provider}/${model}`, provider, model, atMs: AT });
    expect(ask('openai', 'no-such-model')).toBeNull();
    expect(ask('custom', 'gpt-4o')).toBeNull();
    expect(ask('simulated', 'gpt-4o')).toBeNull();
    expect(ask('mistral', 'mistral-ocr-latest')).toBeNull();
  });

  it('asks the connection first, then the overlay, then the package', () => {
    const own = { inputPerMillionUsd: '0.1', outputPerMillionUsd: '0.2' };
    const terms = new Map([['prod/gpt-4o', { prices: own }]]);
    const withOwn = new PriceBook(terms);
    const at = { provider: 'openai', model: 'gpt-4o', atMs: AT };
    const usage = { ...NO_USAGE, uncached: 10 };
    const cost = (candidate: string) => {
      const price = withOwn.ratesFor({ candidate, ...at });
      return price === null ? null : priceUsage(price.resolve(usage), usage);
    };
    expect(cost('prod/gpt-4o')).toBe(1_000n);
    expect(cost('other/gpt-4o')).toBe(25_000n);
    expect(costOf('mistral/mistral-large-latest', { uncached: 10 })).toBe(5_000n);
  });

  it('takes the output limit from the connection, the overlay, or the default', () => {
    const limits = (candidate: string, provider: string, model: string) =>
      new PriceBook(new Map([['own/m', { maxOutputTokens: 77 }]])).limitsOf({ candidate, provider, model });
    expect(limits('own/m', 'openai', 'gpt-4o').outputTokens).toBe(77);
    expect(limits('a/b', 'openai', 'gpt-4o-2024-08-06').outputTokens).toBe(16_384);
    expect(limits('a/c', 'openai', 'gpt-4o-2024-05-13').outputTokens).toBe(4_096);
    expect(limits('a/d', 'minimax', 'MiniMax-M2.7').outputTokens).toBe(65_536);
    expect(limits('a/e', 'custom', 'llama')).toEqual({
      outputTokens: 4_096,
      reasoningTokensBeyond: 0,
      reasonsUnasked: false,
      imageTokens: 16_384,
    });
    expect(limits('a/f', 'openai', 'gpt-4o-mini').imageTokens).toBe(48_169);
    expect(limits('a/g', 'qwen', 'qwen3.7-plus')).toMatchObject({
      reasoningTokensBeyond: 81_920,
      reasonsUnasked: true,
    });
  });

  it('names the data behind its prices', () => {
    const manifest = JSON.parse(
      readFileSync(
        createRequire(import.meta.url)
          .resolve('@pydantic/genai-prices')
          .replace(/dist\/.*$/, 'package.json'),
        'utf8',
      ),
    ) as { version: string };
    expect(GENAI_PRICES_VERSION).toBe(manifest.version);
    expect(book.catalogueVersion).toMatch(/^genai-prices-0\.1\.8\+overlay-\d{4}-\d{2}-\d{2}$/);
  });

  it('refuses own prices that are no exact decimals', () => {
    const withInput = (inputPerMillionUsd: string) =>
      new PriceBook(new Map([['a/m', { prices: { inputPerMillionUsd, outputPerMillionUsd: '1' } }]]));
    for (const text of ['0.0000001', '1e-3', '-1', '', 'free']) expect(() => withInput(text)).toThrow(RangeError);
    expect(() => withInput('0.000001')).not.toThrow();
  });

  it('compares models by plain input and output', () => {
    expect(expectedCost(priceOf('openai', 'gpt-4o'), { inputTokens: 1000, outputTokens: 300 })).toBe(5_500_000n);
  });
});
