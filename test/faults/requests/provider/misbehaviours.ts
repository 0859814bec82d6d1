import {
  answerBytes,
  answerNothing,
  answerStatus,
  hangUp,
  type Behaviour,
} from '../../../engines/scripted-upstream.js';
import {
  DONE,
  FINISH,
  GOOD_TEXT,
  IN_BAND,
  ROLE,
  TEXT,
  TORN_TOOL_CALL,
  answerOdd,
  answerRaw,
  completion,
  counting,
  deltaOf,
  dripping,
  gzipped,
  inPieces,
  streamCounting,
  thenReset,
} from './wire.js';

/**
 * How a request ends whose first candidate behaves so: another one answers; this one does, all the same; its stream is
 * broken off by an error that the caller is told; or the caller is refused, and nobody else is asked.
 */
export type Ending = 'next' | 'answer' | 'cut' | 'refusal';

/** Of what the connection has little: everything else waits for longer than a test takes. */
export type Patience = 'headersMs' | 'firstTokenMs' | 'idleMs' | 'totalMs';

export interface Misbehaviour {
  readonly name: string;
  /** Whether it is asked for a stream; either where it makes no difference. */
  readonly stream?: boolean;
  readonly behaviour: Behaviour;
  readonly ending: Ending;
  readonly shortOf?: Patience;
}

const JSON_TYPE = { 'content-type': 'application/json' };
const SSE = 'text/event-stream';
const PAGE = '<html><body>Bad gateway</body></html>';
const failure = (message: string, code: string | null = null): object => ({ error: { message, type: 'x', code } });
const refusing = (status: number, headers: Record<string, string> = {}, code: string | null = null): Behaviour =>
  answerStatus(status, failure(`This is a ${status}.`, code), headers);
const head = (headers: string): string => `HTTP/1.1 200 OK\r\n${headers}\r\n\r\n`;
const sse = (...pieces: string[]): Behaviour => answerBytes(pieces);
const [W, S] = [{ stream: false }, { stream: true }];

const STATUSES: readonly Misbehaviour[] = [
  { name: '400', behaviour: refusing(400), ending: 'refusal' },
  { name: '401', behaviour: refusing(401), ending: 'next' },
  { name: '402', behaviour: refusing(402), ending: 'next' },
  { name: '403', behaviour: refusing(403), ending: 'next' },
  { name: '404', behaviour: refusing(404), ending: 'next' },
  { name: '408', behaviour: refusing(408), ending: 'next' },
  { name: '422', behaviour: refusing(422), ending: 'refusal' },
  { name: '429 for a minute', behaviour: refusing(429, { 'retry-after': '60' }), ending: 'next' },
  { name: '429 without a word', behaviour: refusing(429), ending: 'next' },
  { name: '429 for want of money', behaviour: refusing(429, {}, 'insufficient_quota'), ending: 'next' },
  { name: '500', behaviour: refusing(500), ending: 'next' },
  { name: '502', behaviour: refusing(502), ending: 'next' },
  { name: '502 with a page', behaviour: answerStatus(502, PAGE, { 'content-type': 'text/html' }), ending: 'next' },
  { name: '503', behaviour: refusing(503, { 'retry-after': '1' }), ending: 'next' },
  { name: '529', behaviour: refusing(529), ending: 'next' },
  { name: '204', behaviour: (_, response) => void response.writeHead(204).end(), ending: 'next' },
  { name: '302', behaviour: answerStatus(302, '', { location: '/elsewhere' }), ending: 'next' },
  { name: '307 to itself', behaviour: answerStatus(307, '', { location: '/v1/chat/completions' }), ending: 'next' },
  { name: '999', behaviour: answerRaw('HTTP/1.1 999 Odd\r\ncontent-length: 0\r\n\r\n'), ending: 'next' },
];

const HANGS: readonly Misbehaviour[] = [
  { name: 'no head', ...S, behaviour: answerNothing, ending: 'next', shortOf: 'headersMs' },
  {
    name: 'a head only',
    ...S,
    behaviour: answerBytes([], { ending: 'hang' }),
    ending: 'next',
    shortOf: 'firstTokenMs',
  },
  {
    name: 'a role only',
    ...S,
    behaviour: answerBytes([ROLE], { ending: 'hang' }),
    ending: 'next',
    shortOf: 'firstTokenMs',
  },
  { name: 'comments only', ...S, behaviour: dripping('', ': wait\n\n', SSE), ending: 'next', shortOf: 'firstTokenMs' },
  {
    name: 'half a body, then nothing',
    ...W,
    behaviour: answerBytes(['{"id":'], { ending: 'hang' }),
    ending: 'next',
    shortOf: 'idleMs',
  },
  {
    name: 'half a stream, then nothing',
    ...S,
    behaviour: answerBytes([ROLE, TEXT], { ending: 'hang' }),
    ending: 'cut',
    shortOf: 'idleMs',
  },
  { name: 'a stream without end', ...S, behaviour: dripping(ROLE, TEXT, SSE), ending: 'cut', shortOf: 'totalMs' },
  {
    name: 'a body drop by drop',
    ...W,
    behaviour: dripping('{"id":"', 'x', 'application/json'),
    ending: 'next',
    shortOf: 'totalMs',
  },
  { name: 'no answer at all', ...W, behaviour: answerNothing, ending: 'next', shortOf: 'totalMs' },
  {
    name: 'a stream that stays open behind its end',
    ...S,
    behaviour: answerBytes([ROLE, TEXT, FINISH, DONE], { ending: 'hang' }),
    ending: 'answer',
  },
];

const BREAKS: readonly Misbehaviour[] = [
  { name: 'hangs up', behaviour: hangUp, ending: 'next' },
  { name: 'resets', behaviour: answerRaw('', 'reset'), ending: 'next' },
  { name: 'half a body, then FIN', ...W, behaviour: answerRaw(`${head('content-length: 900')}{"id":`), ending: 'next' },
  { name: 'half a body, then RST', ...W, behaviour: thenReset(['{"id":'], 'application/json'), ending: 'next' },
  { name: 'a head, then RST', ...S, behaviour: thenReset([], SSE), ending: 'next' },
  { name: 'a role, then FIN', ...S, behaviour: answerBytes([ROLE], { ending: 'cut' }), ending: 'next' },
  { name: 'half a stream, then FIN', ...S, behaviour: answerBytes([ROLE, TEXT], { ending: 'cut' }), ending: 'cut' },
  { name: 'half a stream, then RST', ...S, behaviour: thenReset([ROLE, TEXT], SSE), ending: 'cut' },
  { name: 'half a stream, then its end', ...S, behaviour: sse(ROLE, TEXT), ending: 'cut' },
  { name: 'a torn tool call', ...S, behaviour: sse(ROLE, TORN_TOOL_CALL), ending: 'cut' },
  { name: 'an error before the first word', ...S, behaviour: sse(ROLE, IN_BAND), ending: 'next' },
  { name: 'an error behind the first word', ...S, behaviour: sse(ROLE, TEXT, IN_BAND), ending: 'cut' },
];

const LIES: readonly Misbehaviour[] = [
  { name: 'no HTTP', behaviour: answerRaw('SSH-2.0-OpenSSH_9.2\r\n'), ending: 'next' },
  { name: 'headers without end', behaviour: answerRaw(head(`x-a: ${'a'.repeat(80_000)}`)), ending: 'next' },
  {
    name: 'a length too short',
    ...W,
    behaviour: answerRaw(`${head('content-length: 20')}${completion()}`),
    ending: 'next',
  },
  {
    name: 'a chunk too short',
    ...W,
    behaviour: answerRaw(`${head('transfer-encoding: chunked')}5\r\n${completion()}`),
    ending: 'next',
  },
  {
    name: 'a chunk of no size',
    ...W,
    behaviour: answerRaw(`${head('transfer-encoding: chunked')}zz\r\n{}\r\n`),
    ending: 'next',
  },
  {
    name: 'gzip that is none',
    ...W,
    behaviour: answerOdd({ ...JSON_TYPE, 'content-encoding': 'gzip' }, completion()),
    ending: 'answer',
  },
  {
    name: 'gzip that nobody asked for',
    ...W,
    behaviour: answerOdd({ ...JSON_TYPE, 'content-encoding': 'gzip' }, gzipped(completion())),
    ending: 'next',
  },
  {
    name: 'JSON that is called a page',
    ...W,
    behaviour: answerOdd({ 'content-type': 'text/html' }, completion()),
    ending: 'answer',
  },
  {
    name: 'a stream that is called JSON',
    ...S,
    behaviour: answerOdd(JSON_TYPE, [ROLE, TEXT, FINISH, DONE].join('')),
    ending: 'answer',
  },
  { name: 'a page under 200', behaviour: answerOdd({ 'content-type': 'text/html' }, PAGE), ending: 'next' },
  { name: 'a stream where none was asked for', ...W, behaviour: sse(ROLE, TEXT, FINISH, DONE), ending: 'next' },
  { name: 'no stream where one was asked for', ...S, behaviour: answerOdd(JSON_TYPE, completion()), ending: 'next' },
  { name: 'an error under 200', ...W, behaviour: answerStatus(200, failure('broken')), ending: 'next' },
];

const BODIES: readonly Misbehaviour[] = [
  { name: 'an empty body', ...W, behaviour: answerStatus(200, ''), ending: 'next' },
  { name: 'an empty stream', ...S, behaviour: sse(), ending: 'next' },
  { name: 'nothing but an end', ...S, behaviour: sse(DONE), ending: 'answer' }, // no word is an answer, too
  { name: 'no JSON', ...W, behaviour: answerStatus(200, 'pong'), ending: 'next' },
  { name: 'more behind the JSON', ...W, behaviour: answerStatus(200, `${completion()}{}`), ending: 'next' },
  { name: 'no choices', ...W, behaviour: answerStatus(200, completion({ choices: [] })), ending: 'next' },
  {
    name: 'choices that are none',
    ...W,
    behaviour: answerStatus(200, completion({ choices: [null] })),
    ending: 'next',
  },
  { name: 'JSON without bottom', ...W, behaviour: answerStatus(200, '['.repeat(200_000)), ending: 'next' },
  {
    name: 'a body of 70 MB',
    ...W,
    behaviour: answerOdd(JSON_TYPE, completion({ more: 'x'.repeat(70_000_000) })),
    ending: 'next',
  },
  {
    name: 'half a character',
    ...W,
    behaviour: answerOdd(JSON_TYPE, Buffer.from(completion().replace('All', '\u00ff'), 'latin1')),
    ending: 'answer',
  },
  {
    name: 'a reason to end that nobody knows',
    ...W,
    behaviour: answerStatus(200, completion().replace('"stop"', '"tired"')),
    ending: 'answer',
  },
  { name: 'garbage at once', ...S, behaviour: sse('data: {"choi\n\ndata: ces"\n\n'), ending: 'next' },
  { name: 'garbage behind the first word', ...S, behaviour: sse(ROLE, TEXT, 'data: <html>\n\n'), ending: 'cut' },
  {
    name: 'random bytes',
    ...S,
    behaviour: answerBytes([Buffer.from([0xff, 0xfe, 0, 10, 10, 0xc3, 0x28, 10, 10])]),
    ending: 'next',
  },
  { name: 'a line of 5 MB', ...S, behaviour: sse(ROLE, deltaOf('x'.repeat(5_000_000)), FINISH, DONE), ending: 'next' },
  {
    name: 'a line of 5 MB behind the first word',
    ...S,
    behaviour: sse(ROLE, TEXT, deltaOf('x'.repeat(5_000_000)), DONE),
    ending: 'cut',
  },
  { name: 'two ends', ...S, behaviour: sse(ROLE, deltaOf(GOOD_TEXT), FINISH, DONE, DONE), ending: 'answer' },
  {
    name: 'words behind the end',
    ...S,
    behaviour: sse(ROLE, deltaOf(GOOD_TEXT), FINISH, DONE, TEXT, DONE),
    ending: 'answer',
  },
  { name: 'no end behind the finish', ...S, behaviour: sse(ROLE, deltaOf(GOOD_TEXT), FINISH), ending: 'answer' },
  { name: 'odd pieces', ...S, behaviour: inPieces, ending: 'answer' },
];

const counts = (prompt: unknown, generated: unknown): object => ({
  prompt_tokens: prompt,
  completion_tokens: generated,
  total_tokens: 3,
});

const COUNTS: readonly Misbehaviour[] = [
  { name: 'no count', ...W, behaviour: counting(null), ending: 'answer' },
  { name: 'no count of a stream', ...S, behaviour: sse(ROLE, TEXT, FINISH, DONE), ending: 'answer' },
  { name: 'zero tokens', ...W, behaviour: counting(counts(0, 0)), ending: 'answer' },
  { name: 'zero tokens of a stream', ...S, behaviour: streamCounting(counts(0, 0)), ending: 'answer' },
  { name: 'negative tokens', ...W, behaviour: counting(counts(-20, -10)), ending: 'answer' },
  { name: 'negative tokens of a stream', ...S, behaviour: streamCounting(counts(-20, -10)), ending: 'answer' },
  { name: 'half tokens', ...W, behaviour: counting(counts(0.5, 1.5)), ending: 'answer' },
  { name: 'tokens in words', ...W, behaviour: counting(counts('twenty', [])), ending: 'answer' },
  { name: 'far too many tokens', ...W, behaviour: counting(counts(1_000_000, 1_000_000)), ending: 'answer' },
  { name: 'a count that is no object', ...S, behaviour: streamCounting('many'), ending: 'answer' },
];

/** Everything that a provider may do to a gateway, each by one name. */
export const MISBEHAVIOURS: readonly Misbehaviour[] = [...STATUSES, ...HANGS, ...BREAKS, ...LIES, ...BODIES, ...COUNTS];
