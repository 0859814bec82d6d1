import { calcPrice } from '@pydantic/genai-prices';
import { DIALECTS } from './dialect.registry.js';
import { PROVIDERS, type ProviderId } from './providers.js';
import { SAMPLE_REQUESTS } from './sample-requests.suite.js';

const CHAT = { bytes: Buffer.from(JSON.stringify(SAMPLE_REQUESTS.text)), request: SAMPLE_REQUESTS.text };
const NAME_IN_PRICES: Partial<Record<ProviderId, string>> = { gemini: 'google', xai: 'x-ai', moonshot: 'moonshotai' };

/** Where a request for `m` goes, as each provider documents it. */
const ADDRESSES: Readonly<Record<ProviderId, string>> = {
  openai: 'https://api.openai.com/v1/chat/completions',
  anthropic: 'https://api.anthropic.com/v1/messages',
  gemini: 'https://generativelanguage.googleapis.com/v1beta/models/m:generateContent',
  xai: 'https://api.x.ai/v1/chat/completions',
  mistral: 'https://api.mistral.ai/v1/chat/completions',
  deepseek: 'https://api.deepseek.com/chat/completions',
  moonshot: 'https://api.moonshot.ai/v1/chat/completions',
  qwen: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1/chat/completions',
  zai: 'https://api.z.ai/api/paas/v4/chat/completions',
  minimax: 'https://api.minimax.io/v1/chat/completions',
  custom: 'null/chat/completions',
  simulated: 'null/chat/completions',
};
const IDS = Object.keys(ADDRESSES) as ProviderId[];
/** Qwen is priced by the overlay of the ledger. */
const PRICED_IDS = IDS.filter((id) => PROVIDERS[id].models.length > 0 && id !== 'qwen');

describe('the registry of dialects', () => {
  it.each(IDS)('speaks with %s where it is at home', (id) => {
    const { path } = DIALECTS[id].toProvider(CHAT, { model: 'm', stream: false, maxOutputTokens: 100 });
    expect([DIALECTS[id].id, PROVIDERS[id].baseUrl + path]).toEqual([id, ADDRESSES[id]]);
  });

  it.each(PRICED_IDS)('serves models of %s whose price is known', (id) => {
    const usage = { input_tokens: 1_000, output_tokens: 1_000 };
    const isUnpriced = (model: string): boolean =>
      calcPrice(usage, model, { providerId: NAME_IN_PRICES[id] ?? id }) === null;
    expect(PROVIDERS[id].models.filter(isUnpriced)).toEqual([]);
  });
});
