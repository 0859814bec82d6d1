import { calcPrice, findProvider } from '@pydantic/genai-prices';
import fc from 'fast-check';
import { NO_USAGE, type Usage } from '#contracts';
import { nanoUsdOf, picoPerTokenOf, usdOf } from './decimal.js';
import type { ModelPrice } from './model-price.js';
import { PriceBook } from './price-book.js';
import { compilePrice } from './price-overlay.js';
import { priceUsage, worstCase } from './price-usage.js';

const AT = Date.UTC(2026, 10, 21, 12);

/** Texts like 0.15, and what they stand for in millionths. */
const rate = fc.tuple(fc.nat(500), fc.nat(999_999)).map(([whole, millionths]) => ({
  text: `${whole}.${String(millionths).padStart(6, '0')}`,
  millionths: BigInt(whole) * 1_000_000n + BigInt(millionths),
}));
const tokens = fc.oneof(fc.nat(2_000), fc.nat(10_000_000), fc.constantFrom(0, 1, 199_999, 200_000, 200_001, 272_000));
const usages: fc.Arbitrary<Usage> = fc.record({
  uncached: tokens,
  cache_read: tokens,
  cache_write: tokens,
  output: tokens,
  reasoning: tokens,
  audio_in: tokens,
  audio_out: tokens,
});

describe('price arithmetic', () => {
  it('equals the same sum in fractions, rounded up once', () => {
    fc.assert(
      fc.property(rate, rate, rate, rate, rate, usages, (input, output, read, write, reasoning, usage) => {
        const price = compilePrice([
          {
            input: input.text,
            output: output.text,
            cacheRead: read.text,
            cacheWrite: write.text,
            reasoning: reasoning.text,
          },
        ]);
        // Tokens × millionths of USD per million tokens = 10⁻¹² USD; a nano-USD is a thousand of them.
        const exact =
          BigInt(usage.uncached + usage.audio_in) * input.millionths +
          BigInt(usage.output + usage.audio_out) * output.millionths +
          BigInt(usage.cache_read) * read.millionths +
          BigInt(usage.cache_write) * write.millionths +
          BigInt(usage.reasoning) * reasoning.millionths;
        const rounded = exact / 1000n + (exact % 1000n === 0n ? 0n : 1n);
        expect(priceUsage(price.resolve(usage), usage)).toBe(rounded);
      }),
    );
  });

  it('keeps every digit of a decimal', () => {
    fc.assert(
      fc.property(rate, ({ text, millionths }) => {
        expect(picoPerTokenOf(text)).toBe(millionths);
      }),
    );
    expect(picoPerTokenOf('0.003625')).toBe(3_625n);
    expect(picoPerTokenOf('1.5000000')).toBe(1_500_000n);
    for (const text of ['0.0000001', '1e-7', '1.', '.5', '-1', ' 1', '']) expect(picoPerTokenOf(text)).toBeNull();
  });

  it('writes an amount so that it reads back as itself', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 21n }), (amount) => {
        expect(nanoUsdOf(usdOf(amount))).toBe(amount);
      }),
    );
    expect(usdOf(1_710_000n)).toBe('0.00171');
    expect(usdOf(25_000_000_000n)).toBe('25');
    expect(usdOf(-1n)).toBe('-0.000000001');
    expect(() => nanoUsdOf('0.0000000001')).toThrow(RangeError);
  });
});

/** Every text model of the package that one of our providers has. */
const MODELS = Object.entries({
  openai: 'openai',
  anthropic: 'anthropic',
  gemini: 'google',
  xai: 'x-ai',
  mistral: 'mistral',
  deepseek: 'deepseek',
  moonshot: 'moonshotai',
  minimax: 'minimax',
  zai: 'zai',
}).flatMap(([provider, providerId]) =>
  (findProvider({ providerId })?.models ?? []).map(({ id }) => ({ provider, providerId, model: id })),
);
const book = new PriceBook();
const priceOf = ({ provider, model }: { provider: string; model: string }): ModelPrice | null =>
  book.ratesFor({ candidate: `${provider}/${model}`, provider, model, atMs: AT });
const priced = MODELS.filter((model) => priceOf(model) !== null);

describe('the whole catalogue', () => {
  it('agrees with the floats of the package to a nano-USD and a rounding error', () => {
    expect(priced.length).toBeGreaterThan(150);
    fc.assert(
      fc.property(fc.constantFrom(...priced), tokens, tokens, tokens, (entry, uncached, cacheRead, output) => {
        // The overlay stands before the package.
        if (entry.model === 'mistral-large-latest') return;
        const theirs = calcPrice(
          { input_tokens: uncached + cacheRead, cache_read_tokens: cacheRead, output_tokens: output },
          entry.model,
          { providerId: entry.providerId, timestamp: new Date(AT) },
        );
        const usage = { ...NO_USAGE, uncached, cache_read: cacheRead, output };
        const price = priceOf(entry);
        if (price === null || theirs === null) throw new Error(`${entry.model} lost its price`);
        const ours = Number(priceUsage(price.resolve(usage), usage)) / 1e9;
        const difference = Math.abs(ours - theirs.total_price);
        expect({ model: entry.model, agrees: difference <= 1.1e-9 + ours * 1e-12 }).toEqual({
          model: entry.model,
          agrees: true,
        });
      }),
      { numRuns: 2_000 },
    );
  });

  it('never lets a usage within its bounds cost more than the worst case', () => {
    fc.assert(
      fc.property(fc.constantFrom(...priced), usages, (entry, usage) => {
        const price = priceOf(entry);
        if (price === null) throw new Error(`${entry.model} lost its price`);
        const inputTokensBound = usage.uncached + usage.cache_read + usage.cache_write + usage.audio_in;
        const outputTokensBound = usage.output + usage.reasoning + usage.audio_out;
        const cost = priceUsage(price.resolve(usage), usage);
        expect(worstCase(price, { inputTokensBound, outputTokensBound })).toBeGreaterThanOrEqual(cost);
      }),
      { numRuns: 2_000 },
    );
  });
});
