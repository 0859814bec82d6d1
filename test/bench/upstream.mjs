import { createServer } from 'node:net';

/**
 * An OpenAI-compatible provider that answers from prebuilt bytes: some 1.4 KB of JSON with usage 20 + 200, or 50 chunks
 * 10 ms apart, usage and `[DONE]`. Raw sockets, because it shares the machine with what is measured.
 */
const HEAD_END = Buffer.from('\r\n\r\n');
const STREAM_ASKED = Buffer.from('"stream":true');
const CHUNKS = 50;
const INTERVAL_MS = 10;
const ID_DIGITS = 12;
const MODEL = 'gpt-4o-mini';

let delayMs = 0;
let answered = 0;

const text = 'lorem ipsum dolor sit amet consectetur adipiscing elit sed do '.repeat(16);
const usage = { prompt_tokens: 20, completion_tokens: 200, total_tokens: 220 };
const answerBody = JSON.stringify({
  id: `chatcmpl-${'0'.repeat(ID_DIGITS)}`,
  object: 'chat.completion',
  created: 1760000000,
  model: MODEL,
  choices: [
    { index: 0, message: { role: 'assistant', content: text, refusal: null }, logprobs: null, finish_reason: 'stop' },
  ],
  usage,
  system_fingerprint: 'fp_mock',
});
const ANSWER = Buffer.from(
  `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${answerBody.length}\r\n\r\n${answerBody}`,
);
const ID_END = ANSWER.indexOf('chatcmpl-') + 'chatcmpl-'.length + ID_DIGITS;

const chunk = (fields) => {
  const data = { id: 'chatcmpl-mock', object: 'chat.completion.chunk', created: 1760000000, model: MODEL, ...fields };
  return `data: ${JSON.stringify(data)}\n\n`;
};
const delta = (content, finish_reason = null) => chunk({ choices: [{ index: 0, delta: content, finish_reason }] });
const framed = (payload) => `${payload.length.toString(16)}\r\n${payload}\r\n`;
const content = framed(delta({ content: ' lorem ipsum dolor sit' }));
const CONTENT = Buffer.from(content);
const STREAM_HEAD =
  'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n';
const STREAM_START = Buffer.from(STREAM_HEAD + framed(delta({ role: 'assistant', content: '' })) + content);
const last = framed(delta({}, 'stop')) + framed(chunk({ choices: [], usage })) + framed('data: [DONE]\n\n');
const STREAM_END = Buffer.from(`${content}${last}0\r\n\r\n`);

/** Streams by the millisecond in which their next chunk is due: one timer for all of them. */
const due = Array.from({ length: 64 }, () => []);
let lastTick = Math.floor(performance.now());

setInterval(() => {
  for (const now = Math.floor(performance.now()); lastTick < now;) {
    lastTick += 1;
    const slot = lastTick % due.length;
    const streams = due[slot];
    due[slot] = [];
    for (const stream of streams) advance(stream);
  }
}, 1);

function advance(stream) {
  if (stream.socket.destroyed) return;
  stream.sent += 1;
  stream.socket.write(stream.sent === CHUNKS ? STREAM_END : CONTENT);
  if (stream.sent < CHUNKS) schedule(stream);
}

function schedule(stream) {
  stream.dueMs += INTERVAL_MS;
  due[Math.max(lastTick + 1, Math.floor(stream.dueMs)) % due.length].push(stream);
}

function answer(socket, wantsStream) {
  if (wantsStream) {
    socket.write(STREAM_START);
    schedule({ socket, sent: 1, dueMs: performance.now() });
    return;
  }
  const bytes = Buffer.from(ANSWER);
  answered += 1;
  for (let at = ID_END - 1, rest = answered; rest > 0; at--, rest = Math.floor(rest / 10)) bytes[at] = 48 + (rest % 10);
  if (delayMs === 0) socket.write(bytes);
  else setTimeout(() => socket.write(bytes), delayMs);
}

const server = createServer({ noDelay: true }, (socket) => {
  let rest = null;
  socket.on('error', () => {}); // a client that goes away
  socket.on('data', (bytes) => {
    const all = rest === null ? bytes : Buffer.concat([rest, bytes]);
    const headEnd = all.indexOf(HEAD_END);
    const length = headEnd < 0 ? NaN : Number(/content-length: *(\d+)/i.exec(all.latin1Slice(0, headEnd))?.[1] ?? 0);
    const isWhole = all.length >= headEnd + HEAD_END.length + length;
    rest = isWhole ? null : all;
    if (isWhole) answer(socket, all.indexOf(STREAM_ASKED, headEnd) >= 0);
  });
});

process.on('message', (message) => {
  delayMs = message.delayMs ?? delayMs;
  const { user, system } = process.cpuUsage();
  process.send({ cpuMs: (user + system) / 1000 });
});
process.on('disconnect', () => process.exit());
server.listen(0, '127.0.0.1', 4096, () => process.send({ port: server.address().port }));
