/** Where one top-level member of a JSON object stands: offsets of its quoted key and of its value. */
export interface MemberRange {
  readonly name: string;
  readonly keyStart: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** Space, tab, LF and CR: the only whitespace of JSON. */
export const isWhitespace = (byte: number | undefined): boolean =>
  byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/** Up to this many bytes of a string are looked at one by one; from there on a native search is worth its call. */
const SHORT_STRING_BYTES = 32;

/**
 * The top-level members of a JSON object, in order, duplicates included. Values are skipped, not parsed: long strings
 * at the speed of memchr.
 * @throws TypeError for bytes that are not a JSON object; the values themselves are presumed to be valid JSON.
 */
export function scanMembers(bytes: Buffer): MemberRange[] {
  const members: MemberRange[] = [];
  let at = expectByte(bytes, skipWhitespace(bytes, 0), OPEN_BRACE);
  at = skipWhitespace(bytes, at);
  while (bytes[at] !== CLOSE_BRACE) {
    if (members.length > 0) at = skipWhitespace(bytes, expectByte(bytes, at, COMMA));
    const keyStart = at;
    const keyEnd = skipString(bytes, keyStart);
    at = expectByte(bytes, skipWhitespace(bytes, keyEnd), COLON);
    const valueStart = skipWhitespace(bytes, at);
    const valueEnd = skipValue(bytes, valueStart);
    members.push({ name: readKey(bytes, keyStart, keyEnd), keyStart, valueStart, valueEnd });
    at = skipWhitespace(bytes, valueEnd);
  }
  return members;
}

/**
 * Whether a top-level name of a JSON object is written with `\u` escapes, which no client does to field names. V8
 * misreads some of them (https://github.com/nodejs/node/issues/63785), so that a field could be hidden from checks.
 */
export function hasEscapedName(bytes: Buffer): boolean {
  if (!bytes.includes('\\u')) return false;
  return scanMembers(bytes).some(({ keyStart, valueStart }) => bytes.subarray(keyStart, valueStart).includes('\\u'));
}

function readKey(bytes: Buffer, start: number, end: number): string {
  const name = bytes.toString('utf8', start + 1, end - 1);
  return name.includes('\\') ? (JSON.parse(`"${name}"`) as string) : name;
}

function skipWhitespace(bytes: Buffer, from: number): number {
  let at = from;
  while (isWhitespace(bytes[at])) at += 1;
  return at;
}

function expectByte(bytes: Buffer, at: number, byte: number): number {
  if (bytes[at] !== byte) throw new TypeError(`not a JSON object: unexpected byte at ${at}`);
  return at + 1;
}

function skipString(bytes: Buffer, start: number): number {
  let at = expectByte(bytes, start, QUOTE);
  for (const short = at + SHORT_STRING_BYTES; at < short; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) return at + 1;
    if (byte === BACKSLASH) at += 1;
  }
  let quote = bytes.indexOf(QUOTE, at);
  while (quote !== -1 && isEscaped(bytes, quote)) quote = bytes.indexOf(QUOTE, quote + 1);
  if (quote === -1) throw new TypeError(`not a JSON object: unterminated string at ${start}`);
  return quote + 1;
}

function isEscaped(bytes: Buffer, quote: number): boolean {
  let at = quote - 1;
  while (bytes[at] === BACKSLASH) at -= 1;
  return (quote - at) % 2 === 0;
}

function skipValue(bytes: Buffer, start: number): number {
  const first = bytes[start];
  if (first === QUOTE) return skipString(bytes, start);
  return first === OPEN_BRACE || first === OPEN_BRACKET ? skipNested(bytes, start) : skipPrimitive(bytes, start);
}

function skipNested(bytes: Buffer, start: number): number {
  let depth = 0;
  let at = start;
  do {
    const byte = bytes[at];
    if (byte === undefined) throw new TypeError(`not a JSON object: unterminated value at ${start}`);
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth += 1;
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth -= 1;
    at = byte === QUOTE ? skipString(bytes, at) : at + 1;
  } while (depth > 0);
  return at;
}

function skipPrimitive(bytes: Buffer, start: number): number {
  let at = start;
  while (at < bytes.length && bytes[at] !== COMMA && bytes[at] !== CLOSE_BRACE && !isWhitespace(bytes[at])) at += 1;
  if (at === start) throw new TypeError(`not a JSON object: no value at ${start}`);
  return at;
}
