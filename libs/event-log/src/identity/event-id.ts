import { hash } from 'node:crypto';
import { formatUuid } from './format-uuid.js';

/** Namespace of Igris Overture's event ids; a random UUID, fixed for ever. */
const NAMESPACE = Buffer.from('8f3c1d5e6b7a4c2e9d10f4a2b3c85e71', 'hex');
const REQUEST_ID_LENGTH = 36;
const ATTEMPTS_REMEMBERED_MAX = 16;
const KINDS_REMEMBERED_MAX = 64;
/** The id at work: one for all calls. */
const bytes = new Uint8Array(16);

/**
 * What is hashed, with a place for the request's id: namespace, id, kind and attempt. By kind, then by attempt: three
 * ids a request add up, and to put the text together took longer than to hash it.
 */
const forms = new Map<string, Buffer[]>();

/**
 * The id of one fact about one request: uuidv5 (RFC 9562 §5.5), so that whoever appends the same fact again, after a
 * timeout or a crash, appends it under the same id. `attempt` is 0 for facts of which a request has only one.
 */
export function eventId(requestId: string, kind: string, attempt = 0): string {
  const digest = hash('sha1', nameInNamespace(requestId, kind, attempt), 'binary');
  for (let at = 0; at < 16; at += 1) bytes[at] = digest.charCodeAt(at);
  bytes[6] = (bytes[6]! & 0x0f) | 0x50;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return formatUuid(bytes);
}

function nameInNamespace(requestId: string, kind: string, attempt: number): Buffer {
  const form = formOf(kind, attempt);
  // The place is that of a UUID: as many bytes as characters.
  if (form === null || requestId.length !== REQUEST_ID_LENGTH || Buffer.byteLength(requestId) !== REQUEST_ID_LENGTH) {
    return Buffer.concat([NAMESPACE, Buffer.from(`${requestId}/${kind}/${attempt}`)]);
  }
  form.write(requestId, NAMESPACE.length, 'latin1');
  return form;
}

/** Null for an attempt that is too rare to be remembered, or none at all. */
function formOf(kind: string, attempt: number): Buffer | null {
  const remembered = forms.get(kind)?.[attempt];
  if (remembered !== undefined) return remembered;
  if (!Number.isInteger(attempt) || attempt < 0 || attempt >= ATTEMPTS_REMEMBERED_MAX) return null;
  const form = Buffer.concat([NAMESPACE, Buffer.alloc(REQUEST_ID_LENGTH), Buffer.from(`/${kind}/${attempt}`)]);
  const ofKind = forms.get(kind) ?? [];
  ofKind[attempt] = form;
  if (forms.size < KINDS_REMEMBERED_MAX) forms.set(kind, ofKind);
  return form;
}
