import { anthropicDialect } from './anthropic/anthropic.dialect.js';
import type { ProviderDialect } from './dialect.port.js';
import { geminiDialect } from './gemini/gemini.dialect.js';
import { openAiDialect } from './openai/openai.dialect.js';
import { OPENAI_FAMILY } from './openai/openai-family.js';
import type { ProviderId } from './providers.js';

/** Which dialect is spoken with each provider. */
export const DIALECTS: Readonly<Record<ProviderId, ProviderDialect>> = {
  openai: openAiDialect(OPENAI_FAMILY.openai),
  anthropic: anthropicDialect,
  gemini: geminiDialect,
  xai: openAiDialect(OPENAI_FAMILY.xai),
  mistral: openAiDialect(OPENAI_FAMILY.mistral),
  deepseek: openAiDialect(OPENAI_FAMILY.deepseek),
  moonshot: openAiDialect(OPENAI_FAMILY.moonshot),
  qwen: openAiDialect(OPENAI_FAMILY.qwen),
  zai: openAiDialect(OPENAI_FAMILY.zai),
  minimax: openAiDialect(OPENAI_FAMILY.minimax),
  custom: openAiDialect(OPENAI_FAMILY.custom),
  simulated: openAiDialect(OPENAI_FAMILY.simulated),
};
