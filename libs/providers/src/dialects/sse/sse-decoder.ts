import { SseEvent } from './sse-event.js';

/** An event longer than this is garbage, not an answer: it ends the decoding. */
export const SSE_EVENT_BYTES_MAX = 1 << 20;

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const COLON = 0x3a;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const DATA = Buffer.from('data');
const EVENT = Buffer.from('event');
const HALF_A_LINE_END = -1;

/**
 * Incremental decoder of server-sent events over bytes
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation).
 * How the bytes are cut into chunks never changes the events. `id` and `retry` are skipped: nothing here reconnects.
 */
export class SseDecoder {
  private bytes: Buffer = Buffer.alloc(0);
  /** Room behind `bytes` to append to; null while `bytes` is a chunk of somebody else's. */
  private storage: Buffer | null = null;
  private atStreamStart = true;
  private tooLong = false;

  // Offsets into `bytes`: the current event, its current line, and where the search for that line's end goes on.
  private block = 0;
  private line = 0;
  private scanned = 0;

  private lastLineEndWasCr = false;

  // Fields of the current event, as offsets from `block`.
  private hasFields = false;
  private dataStart = 0;
  private dataEnd = 0;
  private dataLines = 0;
  private eventStart = 0;
  private eventEnd = 0;

  /** More than SSE_EVENT_BYTES_MAX bytes without an end of the event came: the rest of the stream is ignored. */
  get overflowed(): boolean {
    return this.tooLong;
  }

  /** The events that these bytes complete. Their bytes may be views of `chunk`, which must not be written to again. */
  push(chunk: Buffer): SseEvent[] {
    const events: SseEvent[] = [];
    if (this.tooLong) return events;

    this.take(chunk);
    if (this.atStreamStart && !this.skipByteOrderMark()) return events;
    this.scan(events);
    if (this.bytes.length - this.block > SSE_EVENT_BYTES_MAX) this.overflow();
    return events;
  }

  /**
   * The event that lacks its blank line when the body ends. A browser drops it; some servers end with
   * `data: [DONE]` and no blank line, so it is handed out here, marked as unterminated.
   */
  end(): SseEvent[] {
    const events: SseEvent[] = [];
    const endsInCr = this.scanned < this.bytes.length;
    const lineEnd = endsInCr ? this.scanned : this.bytes.length;
    const isBlank = endsInCr && lineEnd === this.line;

    if (lineEnd > this.line) this.readLine(lineEnd);
    this.finishEvent(this.bytes.length, isBlank, events);
    this.forget();
    return events;
  }

  private take(chunk: Buffer): void {
    const keptBytes = this.bytes.length - this.block;
    if (keptBytes === 0) {
      this.storage = null;
      this.bytes = chunk;
      this.moveTo(0);
      return;
    }
    const lengthBytes = this.bytes.length + chunk.length;
    if (this.storage !== null && lengthBytes <= this.storage.length) {
      // Writes behind the bytes of every event handed out so far, never into them.
      chunk.copy(this.storage, this.bytes.length);
      this.bytes = this.storage.subarray(0, lengthBytes);
      return;
    }
    this.storage = Buffer.allocUnsafeSlow((keptBytes + chunk.length) * 2);
    this.bytes.copy(this.storage, 0, this.block);
    chunk.copy(this.storage, keptBytes);
    this.bytes = this.storage.subarray(0, keptBytes + chunk.length);
    this.moveTo(0);
  }

  private moveTo(block: number): void {
    this.line += block - this.block;
    this.scanned += block - this.block;
    this.block = block;
  }

  /** @returns false while it is undecided whether the stream begins with one. */
  private skipByteOrderMark(): boolean {
    const head = this.bytes.subarray(0, BYTE_ORDER_MARK.length);
    const isPrefix = head.equals(BYTE_ORDER_MARK.subarray(0, head.length));
    if (isPrefix && head.length < BYTE_ORDER_MARK.length) return false;

    if (isPrefix) this.block = this.line = this.scanned = BYTE_ORDER_MARK.length;
    this.atStreamStart = false;
    return true;
  }

  private scan(events: SseEvent[]): void {
    const { bytes } = this;
    let lf = bytes.indexOf(LF, this.scanned);
    let cr = bytes.indexOf(CR, this.scanned);
    while (lf !== -1 || cr !== -1) {
      const lineEnd = cr === -1 || (lf !== -1 && lf < cr) ? lf : cr;
      const next = this.afterLineEnd(lineEnd);
      if (next === HALF_A_LINE_END) {
        this.scanned = lineEnd;
        return;
      }
      if (next - this.block > SSE_EVENT_BYTES_MAX) return this.overflow();

      if (lineEnd > this.line) this.readLine(lineEnd);
      else this.finishEvent(next, true, events);
      if (!this.hasFields) this.block = next;
      this.line = this.scanned = next;
      if (lf !== -1 && lf < next) lf = bytes.indexOf(LF, next);
      if (cr !== -1 && cr < next) cr = bytes.indexOf(CR, next);
    }
    this.scanned = bytes.length;
  }

  /**
   * Offset behind a line end. A CR at the end of the bytes may be half of a CRLF, so it waits for the next byte; not so
   * the blank line of a stream that ends its lines in bare CRs, whose event would be held back until the next one. (If
   * an LF follows there after all, it is one more blank line, which changes nothing.)
   */
  private afterLineEnd(lineEnd: number): number {
    if (this.bytes[lineEnd] === LF) {
      this.lastLineEndWasCr = false;
      return lineEnd + 1;
    }
    if (this.lastLineEndWasCr && lineEnd === this.line) return lineEnd + 1;
    if (lineEnd + 1 === this.bytes.length) return HALF_A_LINE_END;
    this.lastLineEndWasCr = this.bytes[lineEnd + 1] !== LF;
    return this.lastLineEndWasCr ? lineEnd + 1 : lineEnd + 2;
  }

  private readLine(lineEnd: number): void {
    if (this.bytes[this.line] === COLON) return;
    this.hasFields = true;
    if (this.lineHasName(DATA, lineEnd)) {
      this.dataLines += 1;
      this.dataStart = this.valueStart(DATA.length, lineEnd) - this.block;
      this.dataEnd = lineEnd - this.block;
    } else if (this.lineHasName(EVENT, lineEnd)) {
      this.eventStart = this.valueStart(EVENT.length, lineEnd) - this.block;
      this.eventEnd = lineEnd - this.block;
    }
  }

  private lineHasName(name: Buffer, lineEnd: number): boolean {
    const nameEnd = this.line + name.length;
    if (nameEnd > lineEnd || (nameEnd < lineEnd && this.bytes[nameEnd] !== COLON)) return false;
    for (let at = 0; at < name.length; at += 1) {
      if (this.bytes[this.line + at] !== name[at]) return false;
    }
    return true;
  }

  private valueStart(nameLength: number, lineEnd: number): number {
    const afterColon = Math.min(this.line + nameLength + 1, lineEnd);
    return afterColon < lineEnd && this.bytes[afterColon] === SPACE ? afterColon + 1 : afterColon;
  }

  /** An event without a data line is none, whatever else it says. */
  private finishEvent(end: number, terminated: boolean, events: SseEvent[]): void {
    if (this.dataLines > 0) {
      const { dataStart, dataEnd, dataLines, eventStart, eventEnd } = this;
      const offsets = { dataStart, dataEnd, dataLines, eventStart, eventEnd };
      events.push(new SseEvent(this.bytes.subarray(this.block, end), offsets, terminated));
    }
    this.forgetFields();
  }

  private overflow(): void {
    this.tooLong = true;
    this.forget();
  }

  private forget(): void {
    this.bytes = Buffer.alloc(0);
    this.storage = null;
    this.block = this.line = this.scanned = 0;
    this.forgetFields();
  }

  private forgetFields(): void {
    this.hasFields = false;
    this.dataLines = this.eventStart = this.eventEnd = 0;
  }
}
