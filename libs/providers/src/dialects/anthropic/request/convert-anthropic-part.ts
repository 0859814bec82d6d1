import { GatewayError, type ChatContentPart } from '#contracts';
import { asRecord, asText, type JsonRecord } from '../../translation/json-value.js';
import { readDataUrl, type InlineBytes } from '../../translation/message-content.js';
import type { RequestFields } from '../../translation/request-fields.js';
import type { AnthropicContent } from '../anthropic.wire.js';

/** One content part as a block; null for an empty text, which Anthropic refuses. `place` names the part in errors. */
export function convertAnthropicPart(
  part: ChatContentPart,
  place: string,
  fields: RequestFields,
): AnthropicContent | null {
  const block = convertPart(part, place, fields);
  if (block === null || asRecord(part.cache_control) === null) return block;
  return { ...block, cache_control: part.cache_control };
}

function convertPart(
  part: JsonRecord & { type: string },
  place: string,
  fields: RequestFields,
): AnthropicContent | null {
  switch (part.type) {
    case 'text':
      return convertText(part.text);
    case 'refusal':
      return convertText(part.refusal);
    case 'image_url':
      return convertImage(part.image_url, `${place}.image_url`, fields);
    case 'file':
      return convertFile(part.file, `${place}.file`, fields);
    default:
      return fields.refuse(`${place}.type`, 'Anthropic takes text, images and documents');
  }
}

function convertText(value: unknown): AnthropicContent | null {
  const text = asText(value) ?? '';
  return text === '' ? null : { type: 'text', text };
}

/** @see https://platform.claude.com/docs/en/build-with-claude/vision */
function convertImage(value: unknown, place: string, fields: RequestFields): AnthropicContent {
  const { url, detail } = asRecord(value) ?? {};
  if (detail !== undefined && detail !== 'auto') fields.leaveOut('messages[].content[].image_url.detail');
  if (typeof url !== 'string') throw invalid(`${place}.url`, 'must be a string');

  const inline = readDataUrl(url, `${place}.url`);
  if (inline !== null) return { type: 'image', source: base64Source(inline) };
  if (!/^https?:/i.test(url)) throw invalid(`${place}.url`, 'must be an http, https or data URL');
  return { type: 'image', source: { type: 'url', url } };
}

/** @see https://platform.claude.com/docs/en/build-with-claude/pdf-support */
function convertFile(value: unknown, place: string, fields: RequestFields): AnthropicContent {
  const { file_data: url, file_id: fileId, filename } = asRecord(value) ?? {};
  if (fileId !== undefined) fields.refuse(`${place}.file_id`, 'the file lies at another provider');
  const inline = typeof url === 'string' ? readDataUrl(url, `${place}.file_data`) : null;
  if (inline === null) throw invalid(`${place}.file_data`, 'must be a data URL');

  if (inline.mediaType.startsWith('image/')) return { type: 'image', source: base64Source(inline) };
  const title = asText(filename);
  return { type: 'document', source: documentSource(inline, place, fields), ...(title === null ? {} : { title }) };
}

function documentSource(inline: InlineBytes, place: string, fields: RequestFields) {
  if (inline.mediaType === 'application/pdf') return base64Source(inline);
  if (!inline.mediaType.startsWith('text/')) {
    fields.refuse(`${place}.file_data`, 'Anthropic takes PDF, text and images');
  }
  const data = Buffer.from(inline.base64, 'base64').toString();
  return { type: 'text', media_type: 'text/plain', data } as const;
}

const base64Source = ({ mediaType, base64 }: InlineBytes) =>
  ({ type: 'base64', media_type: mediaType, data: base64 }) as const;

const invalid = (param: string, why: string): GatewayError =>
  new GatewayError('invalid_value', `\`${param}\` ${why}.`, { param });
