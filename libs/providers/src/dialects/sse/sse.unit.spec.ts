import fc from 'fast-check';
import { SseDecoder, SSE_EVENT_BYTES_MAX } from './sse-decoder.js';
import { encodeSseComment, encodeSseData } from './sse-encoder.js';

interface Decoded {
  readonly event: string;
  readonly data: string;
  readonly raw: string;
}

function decode(...chunks: (Buffer | string)[]): Decoded[] {
  const decoder = new SseDecoder();
  const events = chunks.flatMap((chunk) => decoder.push(Buffer.from(chunk)));
  return [...events, ...decoder.end()].map(({ event, data, raw }) => ({ event, data, raw: raw.toString('latin1') }));
}

const dataOf = (...chunks: (Buffer | string)[]): string[] => decode(...chunks).map(({ data }) => data);

describe('SseDecoder', () => {
  it.each([
    ['LF', 'data: a\n\ndata: b\n\n'],
    ['CRLF', 'data: a\r\n\r\ndata: b\r\n\r\n'],
    ['CR', 'data: a\r\rdata: b\r\r'],
    ['mixed', 'data: a\r\n\ndata: b\n\r\n'],
  ])('ends lines at %s and keeps the exact bytes of each event', (_name, stream) => {
    const events = decode(stream);
    expect(events.map(({ data }) => data)).toEqual(['a', 'b']);
    expect(events.map(({ raw }) => raw).join('')).toBe(stream);
  });

  it('joins data lines with a newline and strips one leading space of each', () => {
    expect(dataOf('data: one\ndata:two\ndata:  three\ndata\ndata:\n\n')).toEqual(['one\ntwo\n three\n\n']);
  });

  it('gives the payload of one data line, or of several, as bytes', () => {
    const [one, several] = new SseDecoder().push(Buffer.from('data: ü\n\ndata: ü\ndata: b\n\n'));
    expect(one!.payload.toString()).toBe('ü');
    expect(several!.payload.toString()).toBe('ü\nb');
  });

  it('names an event by its last event field, for that event only', () => {
    expect(decode('event: x\nevent:ping\ndata: a\n\ndata: b\n\n').map(({ event }) => event)).toEqual([
      'ping',
      'message',
    ]);
  });

  it('hands out an event with an empty data line and none without data', () => {
    expect(dataOf('data\n\nevent: ping\n\nid: 7\n\nretry: 5\n\n\n\ndata:\n\n')).toEqual(['', '']);
  });

  it('ignores comments, unknown fields and fields that only begin like known ones', () => {
    expect(decode(': keep-alive\n\n: a\ndata: x\n: b\ndatab: y\nfoo\ndat: z\nevents: q\n\n')).toEqual([
      { event: 'message', data: 'x', raw: 'data: x\n: b\ndatab: y\nfoo\ndat: z\nevents: q\n\n' },
    ]);
  });

  it('skips a byte order mark at the start of the stream only', () => {
    expect(dataOf('\ufeffdata: a\n\n\ufeffdata: b\n\ndata: c\n\n')).toEqual(['a', 'c']);
    expect(dataOf(Buffer.from([0xef]), Buffer.from([0xbb, 0xbf]), 'data: a\n\n')).toEqual(['a']);
    expect(dataOf(Buffer.from([0xef]), 'data: a\n\ndata: b\n\n')).toEqual(['b']);
  });

  it('hands out an event of a CR stream without waiting for the next byte', () => {
    expect(new SseDecoder().push(Buffer.from('data: a\r\r'))).toHaveLength(1);
  });

  it('waits for the LF of a CRLF blank line', () => {
    const decoder = new SseDecoder();
    expect(decoder.push(Buffer.from('data: a\r\n\r'))).toEqual([]);
    expect(decoder.push(Buffer.from('\n'))[0]!.raw.toString()).toBe('data: a\r\n\r\n');
    expect(decoder.end()).toEqual([]);
  });

  it.each([
    ['data: [DONE]', false],
    ['data: [DONE]\n', false],
    ['data: [DONE]\r', false],
    ['data: [DONE]\r\n\r', true],
  ])('hands out what is left of %j at the end, terminated: %s', (stream, terminated) => {
    const decoder = new SseDecoder();
    expect(decoder.push(Buffer.from(stream))).toEqual([]);
    const [event, ...more] = decoder.end();
    expect([event!.data, event!.terminated, event!.raw.toString(), more]).toEqual(['[DONE]', terminated, stream, []]);
    expect(decoder.end()).toEqual([]);
  });

  it('gives up on an event that is too long, however it arrives, and forgets it', () => {
    const long = Buffer.from(`data: x\ndata: ${'x'.repeat(SSE_EVENT_BYTES_MAX)}\n\ndata: b\n\n`);
    for (const size of [long.length, 65_536, 4_097]) {
      const decoder = new SseDecoder();
      const events = decoder.push(Buffer.from('data: a\n\n'));
      for (let at = 0; at < long.length; at += size) events.push(...decoder.push(long.subarray(at, at + size)));
      expect([...events, ...decoder.end()].map(({ data }) => data)).toEqual(['a']);
      expect(decoder.overflowed).toBe(true);
    }
  });

  it('takes an event of just the longest size in single bytes', () => {
    const decoder = new SseDecoder();
    const text = `data: ${'x'.repeat(SSE_EVENT_BYTES_MAX - 8)}\n\n`;
    const events = [...text].flatMap((character) => decoder.push(Buffer.from(character)));
    expect(events.map(({ raw }) => raw.length)).toEqual([SSE_EVENT_BYTES_MAX]);
  });

  it('yields the same events wherever the bytes are cut', () => {
    const piece = fc.constantFrom(
      'data',
      'data: ',
      'event: ',
      ':',
      ' ',
      'é',
      '😀',
      '\n',
      '\r',
      '\r\n',
      '\n\n',
      '\r\r',
      '\ufeff',
      'x',
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 30 }),
        fc.array(fc.nat({ max: 60 }), { maxLength: 6 }),
        (pieces, cuts) => {
          const bytes = Buffer.from(pieces.join(''));
          const ends = [...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
          const chunks = ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
          const whole = decode(bytes);
          expect(decode(...chunks)).toEqual(whole);
          expect(decode(...Array.from(bytes, (byte) => Buffer.of(byte)))).toEqual(whole);
          expect(whole).toEqual(referenceDecode(bytes));
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe('the encoder', () => {
  it('encodes any text as one event that decodes to it, with line ends as newlines', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('a', '\r', '\n', 'data: ', '\n\n', ' ', '😀', ':')),
        fc.string(),
        (parts, tail) => {
          const text = parts.join('') + tail;
          expect(dataOf(encodeSseData(text))).toEqual([text.replace(/\r\n|\r/g, '\n')]);
          expect(dataOf(encodeSseComment(text))).toEqual([]);
        },
      ),
    );
  });
});

/** The standard's algorithm, line by line over the whole text; an unterminated last event is handed out too. */
function referenceDecode(bytes: Buffer): Decoded[] {
  const events: Omit<Decoded, 'raw'>[] = [];
  let data: string[] = [];
  let event = '';
  const finish = (): void => {
    if (data.length > 0) events.push({ event: event || 'message', data: data.join('\n') });
    [data, event] = [[], ''];
  };
  for (const line of bytes
    .toString()
    .replace(/^\ufeff/, '')
    .split(/\r\n|\r|\n/)) {
    const [, field, value] = /^([^:]*)(?::? ?(.*))$/s.exec(line)!;
    if (line === '') finish();
    else if (field === 'data') data.push(value!);
    else if (field === 'event') event = value!;
  }
  finish();
  return events.map((decoded) => expect.objectContaining(decoded) as unknown as Decoded);
}
