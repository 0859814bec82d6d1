import type { LogEvent } from '../../event-log.port.js';

/**
 * An event as one line of JSON. Its value stands there as it was written, byte for byte, and last, so that it can be
 * taken out again without being parsed. A value that is not JSON, or would break the line, is the string `text`.
 */
export function toEventLine(event: LogEvent): string {
  const { partition, offset, eventId, type, version, tenant, headers, value } = event;
  const id = JSON.stringify(eventId);
  const place = `"partition":${partition},"offset":${offset},"id":${id},"type":${JSON.stringify(type)}`;
  const rest = `"version":${version},"tenant":${JSON.stringify(tenant)},"headers":${JSON.stringify(headers)}`;
  return `{${place},${rest},${isJsonLine(value) ? `"value":${value}` : `"text":${JSON.stringify(value)}`}}`;
}

interface LineHead {
  readonly partition: number;
  readonly offset: number;
  readonly id: string;
  readonly type: string;
  readonly version: number;
  readonly tenant: string;
  readonly headers: Record<string, string>;
}

/**
 * `}` closes only `headers` before a value, and a quote inside of a string is escaped: these marks cannot stand
 * earlier.
 */
const VALUE_MARK = '},"value":';
const TEXT_MARK = '},"text":';

/** The event that a line states. @throws SyntaxError when no event was written so. */
export function parseEventLine(line: string): LogEvent {
  const textAt = line.indexOf(TEXT_MARK);
  const valueAt = line.indexOf(VALUE_MARK);
  const isText = textAt !== -1 && (valueAt === -1 || textAt < valueAt);
  const headEnd = isText ? textAt : valueAt;
  if (headEnd === -1 || !line.endsWith('}')) throw new SyntaxError('not a line of an archive');
  const { id: eventId, offset, ...head } = JSON.parse(`${line.slice(0, headEnd + 1)}}`) as LineHead;
  const value = line.slice(headEnd + (isText ? TEXT_MARK : VALUE_MARK).length, -1);
  return { ...head, eventId, offset: BigInt(offset), value: isText ? (JSON.parse(value) as string) : value };
}

function isJsonLine(value: string): boolean {
  if (/[\r\n]/.test(value) || !value.isWellFormed()) return false;
  try {
    JSON.parse(value);
    return true;
  } catch {
    return false;
  }
}
