import { SseDecoder } from '../dialects/sse/sse-decoder.js';
import { encodeSseData } from '../dialects/sse/sse-encoder.js';
import { isWhitespace } from './scan-members.js';

const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const DATA_FIELD = Buffer.from('data:');

/**
 * Adds a member before the closing brace of a JSON object, looking at its end only. A member of that name that is there
 * already stays; readers take the last one.
 * @throws TypeError for bytes that do not end in a brace.
 */
export function appendMember(bytes: Buffer, name: string, rawJson: string): Buffer {
  return insertBeforeBrace(bytes, lastVisible(bytes, bytes.length), `${JSON.stringify(name)}:${rawJson}`);
}

/**
 * Adds members behind the last one of a JSON object that has some, looking at its end only: what `spliceTopLevel` does
 * with names that are not there, without the search for them.
 * @throws TypeError for bytes that do not end in a brace.
 */
export function addMembers(bytes: Buffer, members: Readonly<Record<string, string>>): Buffer {
  const brace = lastVisible(bytes, bytes.length);
  if (bytes[brace] !== CLOSE_BRACE) throw new TypeError('not a JSON object');
  const end = lastVisible(bytes, brace) + 1;
  let added = '';
  for (const name in members) added += `,${JSON.stringify(name)}:${members[name]!}`;
  return insertAt(bytes, end, added);
}

/**
 * Adds a member to the JSON object that is the data of one server-sent event.
 * @throws TypeError for an event whose data is not a JSON object.
 */
export function spliceSseData(frame: Buffer, name: string, rawJson: string): Buffer {
  const brace = lastVisible(frame, frame.length);
  if (frame.subarray(0, DATA_FIELD.length).equals(DATA_FIELD) && !hasLineEndBefore(frame, brace)) {
    return insertBeforeBrace(frame, brace, `${JSON.stringify(name)}:${rawJson}`);
  }
  const [event] = new SseDecoder().push(frame);
  if (event === undefined) throw new TypeError('not a server-sent event');
  return encodeSseData(appendMember(event.payload, name, rawJson).toString());
}

function insertBeforeBrace(bytes: Buffer, brace: number, member: string): Buffer {
  if (bytes[brace] !== CLOSE_BRACE) throw new TypeError('not a JSON object');
  const isEmpty = bytes[lastVisible(bytes, brace)] === OPEN_BRACE;
  return insertAt(bytes, brace, isEmpty ? member : `,${member}`);
}

/** One allocation and three copies: every whole answer comes through here. */
function insertAt(bytes: Buffer, at: number, text: string): Buffer {
  const added = Buffer.byteLength(text);
  const whole = Buffer.allocUnsafe(bytes.length + added);
  bytes.copy(whole, 0, 0, at);
  whole.write(text, at);
  bytes.copy(whole, at + added, at);
  return whole;
}

/** Offset of the last byte before `end` that is not whitespace; -1 when there is none. */
function lastVisible(bytes: Buffer, end: number): number {
  let at = end - 1;
  while (isWhitespace(bytes[at])) at -= 1;
  return at;
}

function hasLineEndBefore(frame: Buffer, end: number): boolean {
  const line = frame.subarray(0, end);
  return line.includes(0x0a) || line.includes(0x0d);
}
