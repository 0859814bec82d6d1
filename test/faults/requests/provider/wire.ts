import { gzipSync } from 'node:zlib';
import { answerBytes, answerStream, answerWhole, type Behaviour } from '../../../engines/scripted-upstream.js';

/** The text of an answer that is as it should be. */
export const GOOD_TEXT = 'All is well.';

const chunk = (delta: object, more: object = {}): string =>
  `data: ${JSON.stringify({
    id: 'chatcmpl-x',
    object: 'chat.completion.chunk',
    created: 1_760_000_000,
    model: 'm',
    choices: [{ index: 0, delta, finish_reason: null, ...more }],
  })}\n\n`;

export const ROLE = chunk({ role: 'assistant', content: '' });
export const TEXT = chunk({ content: 'All is ' });
export const FINISH = chunk({}, { finish_reason: 'stop' });
export const DONE = 'data: [DONE]\n\n';
const ON_FIRE = { message: 'on fire', type: 'server_error', code: null };
export const IN_BAND = `data: ${JSON.stringify({ error: ON_FIRE })}\n\n`;
/** Half of a call of a tool: its arguments are no JSON yet. */
export const TORN_TOOL_CALL = chunk({
  tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'look_up', arguments: '{"city":"Ber' } }],
});
export const deltaOf = (content: string): string => chunk({ content });

/** A completion, with these fields instead. */
export const completion = (fields: object = {}, message: object = { role: 'assistant', content: GOOD_TEXT }): string =>
  JSON.stringify({
    id: 'chatcmpl-x',
    object: 'chat.completion',
    created: 1_760_000_000,
    model: 'm',
    choices: [{ index: 0, message, finish_reason: 'stop' }],
    usage: { prompt_tokens: 20, completion_tokens: 10, total_tokens: 30 },
    ...fields,
  });

/** A good answer that counts so. */
export const counting = (usage: object | null): Behaviour => answerWhole(GOOD_TEXT, usage);

/** A stream that counts so on a chunk behind the text. */
export const streamCounting = (usage: unknown): Behaviour =>
  answerBytes([ROLE, TEXT, FINISH, `data: ${JSON.stringify({ id: 'x', choices: [], usage })}\n\n`, DONE]);

/** Writes these bytes on the socket instead of an answer in HTTP, and then ends it, resets it, or leaves it open. */
export function answerRaw(bytes: string | Buffer, ending: 'end' | 'reset' | 'hang' = 'end'): Behaviour {
  return async (_, response) => {
    const { socket } = response;
    if (socket === null) return;
    await new Promise((resolve) => socket.write(bytes, resolve));
    if (ending === 'end') socket.end();
    if (ending === 'reset') socket.resetAndDestroy();
  };
}

/** A 200 with these headers and this body, however little they fit. */
export const answerOdd =
  (headers: Record<string, string>, body: string | Buffer): Behaviour =>
  (_, response) => {
    response.writeHead(200, headers).end(body);
  };

/** Streams these pieces and then resets the connection. */
export const thenReset =
  (pieces: readonly string[], contentType: string): Behaviour =>
  async (_, response) => {
    response.writeHead(200, { 'content-type': contentType }).flushHeaders();
    for (const piece of pieces) await new Promise((resolve) => response.write(piece, resolve));
    response.socket?.resetAndDestroy();
  };

/** A piece again and again until the gateway has had enough. */
export const dripping =
  (first: string, piece: string, contentType: string): Behaviour =>
  async (_, response) => {
    response.writeHead(200, { 'content-type': contentType }).write(first);
    while (!response.destroyed) {
      response.write(piece);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };

/** A stream whose bytes arrive in pieces that end anywhere, lines with CR LF. */
export const inPieces: Behaviour = async (_, response) => {
  const bytes = Buffer.from([': hello\n\n', ROLE, deltaOf(GOOD_TEXT), FINISH, DONE].join('').replaceAll('\n', '\r\n'));
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (let at = 0; at < bytes.length; at += 7)
    await new Promise((resolve) => response.write(bytes.subarray(at, at + 7), resolve));
  response.end();
};

export const gzipped = (text: string): Buffer => gzipSync(text);

/** What a provider does that behaves. */
export const behaving: Behaviour = (call, response) =>
  (call.body.stream === true ? answerStream([GOOD_TEXT]) : answerWhole(GOOD_TEXT))(call, response);
