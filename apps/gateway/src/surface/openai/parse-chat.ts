import { isUtf8 } from 'node:buffer';
import type { ChatRequest } from '#contracts';
import { hasEscapedName, type InboundChat } from '#providers';
import { checkFields } from './check-fields.js';
import { checkMessages } from './check-messages.js';
import { isRecord, refusedField } from './refused-field.js';

/** Deepest nesting of a body; deeper ones serve no model and cost stack. */
const DEPTH_MAX = 64;

/**
 * Parses and checks the body of a chat completion (https://platform.openai.com/docs/api-reference/chat/create).
 *
 * @throws GatewayError 400 naming the field and what to send instead.
 */
export function parseChat(bytes: unknown): InboundChat {
  if (!Buffer.isBuffer(bytes) || bytes.length === 0)
    throw refusedField('invalid_json', 'The body is empty: send a JSON object.', null);
  // Forwarded as they came, bytes that are no UTF-8 would be the provider's to guess at.
  if (!isUtf8(bytes)) throw refusedField('invalid_json', 'The body is not UTF-8: encode it so.', null);
  let body: unknown;
  try {
    body = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw refusedField('invalid_json', 'The body is not valid JSON: check its quotes, commas and brackets.', null);
  }
  if (!isRecord(body)) throw refusedField('invalid_json', 'The body must be a JSON object.', null);
  if (hasEscapedName(bytes)) {
    throw refusedField('invalid_json', 'A field name is written with \\u escapes: write it in plain letters.', null);
  }
  checkDepth(body, 1);
  checkModel(body['model']);
  checkMessages(body['messages']);
  checkFields(body);
  return { bytes, request: body as unknown as ChatRequest };
}

function checkModel(model: unknown): void {
  if (model === undefined || model === null || model === '') {
    throw refusedField(
      'missing_required_parameter',
      'Name a model: "model" is required (see GET /v1/models).',
      'model',
    );
  }
  if (typeof model !== 'string')
    throw refusedField('invalid_type', '"model" must be a string (see GET /v1/models).', 'model');
  if (model.length > 400) throw refusedField('invalid_value', '"model" is longer than 400 characters.', 'model');
}

function checkDepth(value: object, depth: number): void {
  if (depth > DEPTH_MAX)
    throw refusedField('invalid_value', `The body is nested deeper than ${DEPTH_MAX} levels.`, null);
  if (Array.isArray(value)) {
    // The names that for-in makes of an array's places cost ten times as much as the look itself.
    for (const inner of value) if (typeof inner === 'object' && inner !== null) checkDepth(inner as object, depth + 1);
    return;
  }
  for (const key in value) {
    const inner = (value as Record<string, unknown>)[key];
    if (typeof inner === 'object' && inner !== null) checkDepth(inner, depth + 1);
  }
}
