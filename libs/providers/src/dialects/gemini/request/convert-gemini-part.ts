import { GatewayError, type ChatContentPart } from '#contracts';
import { asRecord, asText } from '../../translation/json-value.js';
import { readDataUrl } from '../../translation/message-content.js';
import type { RequestFields } from '../../translation/request-fields.js';
import type { GeminiPart } from '../gemini.wire.js';

/** Media types of files that are named by URL; for others Gemini looks for itself. */
const MEDIA_TYPE_OF: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  heic: 'image/heic',
  heif: 'image/heif',
  gif: 'image/gif',
  pdf: 'application/pdf',
};

/** One content part; null for an empty text. `place` names the part in errors. */
export function convertGeminiPart(part: ChatContentPart, place: string, fields: RequestFields): GeminiPart | null {
  if (part.cache_control !== undefined) fields.leaveOut('messages[].content[].cache_control');
  switch (part.type) {
    case 'text':
      return convertText(part.text);
    case 'refusal':
      return convertText(part.refusal);
    case 'image_url':
      return convertImage(part.image_url, `${place}.image_url`, fields);
    case 'input_audio':
      return convertAudio(part.input_audio, `${place}.input_audio`);
    case 'file':
      return convertFile(part.file, `${place}.file`, fields);
    default:
      return fields.refuse(`${place}.type`, 'only text, images, audio and files can be translated');
  }
}

function convertText(value: unknown): GeminiPart | null {
  const text = asText(value) ?? '';
  return text === '' ? null : { text };
}

/** @see https://ai.google.dev/gemini-api/docs/file-input-methods */
function convertImage(value: unknown, place: string, fields: RequestFields): GeminiPart {
  const { url, detail } = asRecord(value) ?? {};
  if (detail !== undefined && detail !== 'auto') fields.leaveOut('messages[].content[].image_url.detail');
  if (typeof url !== 'string') throw invalid(`${place}.url`, 'must be a string');

  const inline = readDataUrl(url, `${place}.url`);
  if (inline !== null) return { inlineData: { mimeType: inline.mediaType, data: inline.base64 } };
  if (!/^(?:https?|gs):/i.test(url)) throw invalid(`${place}.url`, 'must be an http, https, gs or data URL');
  return { fileData: { fileUri: url, mimeType: mediaTypeOf(url) } };
}

function mediaTypeOf(url: string): string | undefined {
  const extension = /\.(\w+)(?:[?#].*)?$/.exec(url)?.[1]?.toLowerCase() ?? '';
  return Object.hasOwn(MEDIA_TYPE_OF, extension) ? MEDIA_TYPE_OF[extension] : undefined;
}

/** @see https://ai.google.dev/gemini-api/docs/audio */
function convertAudio(value: unknown, place: string): GeminiPart {
  const { data, format } = asRecord(value) ?? {};
  if (typeof data !== 'string' || typeof format !== 'string') throw invalid(place, 'must have data and format');
  return { inlineData: { mimeType: `audio/${format}`, data } };
}

/** @see https://ai.google.dev/gemini-api/docs/document-processing */
function convertFile(value: unknown, place: string, fields: RequestFields): GeminiPart {
  const { file_data: url, file_id: fileId, filename } = asRecord(value) ?? {};
  if (fileId !== undefined) fields.refuse(`${place}.file_id`, 'the file lies at another provider');
  if (filename !== undefined) fields.leaveOut('messages[].content[].file.filename');
  const inline = typeof url === 'string' ? readDataUrl(url, `${place}.file_data`) : null;
  if (inline === null) throw invalid(`${place}.file_data`, 'must be a data URL');
  return { inlineData: { mimeType: inline.mediaType, data: inline.base64 } };
}

const invalid = (param: string, why: string): GatewayError =>
  new GatewayError('invalid_value', `\`${param}\` ${why}.`, { param });
