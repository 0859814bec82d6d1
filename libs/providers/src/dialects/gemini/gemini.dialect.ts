import { GatewayError } from '#contracts';
import type { DialectTarget, ProviderDialect } from '../dialect.port.js';
import { TranslatedStream } from '../translation/translated-stream.js';
import { convertGeminiAnswer } from './answer/convert-gemini-answer.js';
import { readGeminiFailure } from './gemini.errors.js';
import { GeminiStream } from './gemini.stream.js';
import { convertGeminiRequest } from './request/convert-gemini-request.js';

const JSON_HEADERS = Object.freeze({ 'content-type': 'application/json' });

/** Google's Gemini API. Its version stands in the base URL of the connection: `https://…/v1beta`. */
export const geminiDialect: ProviderDialect = {
  id: 'gemini',

  toProvider({ request }, target) {
    const { body, warnings } = convertGeminiRequest(request, target);
    return {
      path: pathOf(target),
      headers: JSON_HEADERS,
      body: JSON.stringify(body),
      warnings,
    };
  },

  fromProvider: convertGeminiAnswer,

  openStream: (context) => new TranslatedStream(context, (writer) => new GeminiStream(writer, context)),

  readFailure: readGeminiFailure,
};

/**
 * The model stands in the path, a tuned one as `tunedModels/name`
 * (https://ai.google.dev/api/generate-content#method:-models.generatecontent).
 */
function pathOf({ model, stream }: DialectTarget): string {
  const steps = (model.includes('/') ? model : `models/${model}`).split('/');
  if (steps.some((step) => /^\.{0,2}$/.test(step))) {
    throw new GatewayError('model_not_found', 'Choose another model: this name cannot be part of a path.', {
      param: 'model',
    });
  }
  return `/${steps.map(encodeURIComponent).join('/')}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`;
}
