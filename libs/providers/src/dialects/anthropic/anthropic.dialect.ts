import type { ProviderDialect } from '../dialect.port.js';
import { TranslatedStream } from '../translation/translated-stream.js';
import { readAnthropicFailure } from './anthropic.errors.js';
import { AnthropicStream } from './anthropic.stream.js';
import { convertAnthropicAnswer } from './convert-anthropic-answer.js';
import { convertAnthropicRequest } from './request/convert-anthropic-request.js';

const JSON_HEADERS = Object.freeze({ 'content-type': 'application/json' });

/**
 * Anthropic's Messages API. Its version stands in the connection: in the base URL (`https://…/v1`) and in the header
 * `anthropic-version`.
 */
export const anthropicDialect: ProviderDialect = {
  id: 'anthropic',

  toProvider({ request }, target) {
    const { body, warnings } = convertAnthropicRequest(request, target);
    return {
      path: '/messages',
      headers: JSON_HEADERS,
      body: JSON.stringify(body),
      warnings,
    };
  },

  fromProvider: convertAnthropicAnswer,

  openStream: (context) => new TranslatedStream(context, (writer) => new AnthropicStream(writer)),

  readFailure: readAnthropicFailure,
};
