import fc from 'fast-check';
import type { ChatRequest } from '#contracts';
import type { ModelLimits } from '../prices/model-limits.js';
import { compilePrice } from '../prices/price-overlay.js';
import { worstCase } from '../prices/price-usage.js';
import { countInputBound } from './count-input-bound.js';
import { estimateUsage } from './estimate-usage.js';
import { outputWithin, sizeHold, type HoldQuestion } from './size-hold.js';

const boundOf = (request: Pick<ChatRequest, 'messages' | 'tools'>) =>
  countInputBound(request, Buffer.byteLength(JSON.stringify(request)));
const user = (content: ChatRequest['messages'][number]['content']) => ({ role: 'user' as const, content });

describe('the input bound', () => {
  it('is the bytes of the body and eight tokens per message', () => {
    const request = { messages: [user('Grüße 😀'), user('again')] };
    const { length } = Buffer.from(JSON.stringify(request));
    expect(boundOf(request)).toEqual({ textTokens: length + 16, images: 0 });
  });

  it('is never less than the bytes of all texts, tool calls and schemas', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 200 });
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 8 }), text, (texts, description) => {
        const tools = [{ type: 'function' as const, function: { name: 'f', description } }];
        const messages = texts.map((each, index) => user(index % 2 === 0 ? each : [{ type: 'text', text: each }]));
        const bytes = [...texts, description].reduce((sum, each) => sum + Buffer.byteLength(each), 0);
        expect(boundOf({ messages, tools }).textTokens).toBeGreaterThanOrEqual(bytes + 8 * texts.length);
      }),
    );
  });

  it('makes room for the instructions that providers put before tools', () => {
    const messages = [user('hi')];
    const tools = [{ type: 'function' as const, function: { name: 'f' } }];
    const added =
      Buffer.byteLength(JSON.stringify({ messages, tools })) - Buffer.byteLength(JSON.stringify({ messages }));
    expect(boundOf({ messages, tools }).textTokens - boundOf({ messages }).textTokens).toBe(added + 700);
    expect(boundOf({ messages, tools: [] }).textTokens).toBeLessThan(boundOf({ messages, tools }).textTokens);
  });

  it('counts an image as an image, not its base64 as text', () => {
    const image = (url: string) => user([{ type: 'image_url' as const, image_url: { url } }]);
    const small = boundOf({ messages: [image('data:image/png;base64,')] });
    const large = boundOf({ messages: [image(`data:image/png;base64,${'A'.repeat(2_000_000)}`)] });
    expect(large).toEqual(small);
    expect(large.images).toBe(1);
    expect(boundOf({ messages: [image('https://example.org/a.png')] }).images).toBe(1);
  });

  it('bounds audio by its length, far below its bytes', () => {
    const audio = (data: string) => user([{ type: 'input_audio' as const, input_audio: { data, format: 'mp3' } }]);
    const silence = boundOf({ messages: [audio('')] });
    expect(boundOf({ messages: [audio('A'.repeat(160_001))] }).textTokens - silence.textTokens).toBe(10_001);
  });

  it('takes a file and whatever else is not text for what a context window holds', () => {
    const given = boundOf({ messages: [user([{ type: 'file', file: { file_data: 'A'.repeat(50_000) } }])] });
    expect(given.textTokens).toBeGreaterThan(200_000);
    expect(given.textTokens).toBeLessThan(200_200);
    const video = { type: 'video_url', video_url: { url: 'https://example.org/v.mp4' } } as never;
    expect(boundOf({ messages: [user([video])] }).textTokens).toBeGreaterThan(200_000);
  });
});

const limits: ModelLimits = {
  outputTokens: 1_000,
  reasoningTokensBeyond: 0,
  reasonsUnasked: false,
  imageTokens: 100,
};
const cheap = { price: compilePrice([{ input: '1', output: '2' }]), limits };
const dear = { price: compilePrice([{ input: '3', output: '4', cacheWrite: '5' }]), limits };
const question = (more: Partial<HoldQuestion> = {}): HoldQuestion => ({
  chain: [cheap],
  input: { textTokens: 100, images: 0 },
  outputTokens: null,
  choices: 1,
  reasoning: null,
  outputTokensCap: null,
  ...more,
});

describe('the size of a hold', () => {
  it('is the worst case of the dearest candidate, at the dearest rate of each side', () => {
    expect(sizeHold(question({ outputTokens: 10 })).amountNanoUsd).toBe(120_000n);
    expect(sizeHold(question({ chain: [cheap, dear], outputTokens: 10 })).amountNanoUsd).toBe(540_000n);
    expect(sizeHold(question({ chain: [dear, cheap], outputTokens: 10 })).amountNanoUsd).toBe(540_000n);
  });

  it('multiplies the output by the number of choices, not the input', () => {
    expect(sizeHold(question({ outputTokens: 10, choices: 3 })).amountNanoUsd).toBe(160_000n);
  });

  it('adds each image at what it costs this model at most', () => {
    const input = { textTokens: 100, images: 2 };
    expect(sizeHold(question({ input, outputTokens: 0 }))).toMatchObject({
      amountNanoUsd: 300_000n,
      inputTokensBound: 300,
    });
  });

  it('adds reasoning that max_tokens does not bound, when the model will reason', () => {
    const thinker = { ...cheap, limits: { ...limits, reasoningTokensBeyond: 500 } };
    const amount = (more: Partial<HoldQuestion>) =>
      sizeHold(question({ chain: [thinker], outputTokens: 0, ...more })).amountNanoUsd;
    expect(amount({})).toBe(100_000n);
    expect(amount({ reasoning: true })).toBe(1_100_000n);
    const eager = { ...thinker, limits: { ...thinker.limits, reasonsUnasked: true } };
    expect(amount({ chain: [eager] })).toBe(1_100_000n);
    expect(amount({ chain: [eager], reasoning: false })).toBe(100_000n);
  });

  it("holds for the least output limit of the chain, or the tenant's, when the client names none", () => {
    const short = { ...dear, limits: { ...limits, outputTokens: 400 } };
    expect(outputWithin(question({ chain: [cheap, short] }), 10n ** 12n).outputTokens).toBe(400);
    expect(outputWithin(question({ outputTokensCap: 300 }), 10n ** 12n).outputTokens).toBe(300);
    expect(outputWithin(question({ outputTokensCap: 5_000 }), 10n ** 12n).outputTokens).toBe(1_000);
  });

  it('refuses to hold less for a client that named its max_tokens, and leaves others a useful answer', () => {
    const named = sizeHold(question({ outputTokens: 900 }));
    expect(named.leastNanoUsd).toBe(named.amountNanoUsd);
    expect(sizeHold(question()).leastNanoUsd).toBe(100_000n + 256n * 2_000n);
  });

  it('holds nothing for what has no price', () => {
    expect(sizeHold(question({ chain: [{ price: null, limits }] })).amountNanoUsd).toBe(0n);
    expect(sizeHold(question({ chain: [{ price: null, limits }, cheap], outputTokens: 10 })).amountNanoUsd).toBe(
      120_000n,
    );
  });

  it('allows exactly the longest answer that a smaller hold covers', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 3_000_000n }), fc.integer({ min: 1, max: 4 }), (held, choices) => {
        const asked = question({ choices });
        const { outputTokens, outputTokensBound } = outputWithin(asked, held);
        const cost = (output: number) =>
          worstCase(cheap.price, { inputTokensBound: 100, outputTokensBound: output * choices });
        expect(outputTokensBound).toBe(outputTokens * choices);
        expect(outputTokens === 0 || cost(outputTokens) <= held).toBe(true);
        expect(outputTokens === 1_000 || cost(outputTokens + 1) > held).toBe(true);
      }),
    );
  });
});

describe('the usage of an answer that came without any', () => {
  it('is the input bound and a token for every four bytes, rounded up', () => {
    const usage = (generatedBytes: number) =>
      estimateUsage({ inputTokensBound: 50, generatedBytes, outputTokensBound: 100 });
    expect(usage(0)).toMatchObject({ uncached: 50, output: 0 });
    expect(usage(1)).toMatchObject({ uncached: 50, output: 1 });
    expect(usage(8)).toMatchObject({ output: 2 });
    expect(usage(9)).toMatchObject({ output: 3 });
  });

  it('stays within what was held', () => {
    expect(estimateUsage({ inputTokensBound: 1, generatedBytes: 4_000, outputTokensBound: 100 }).output).toBe(100);
  });
});
