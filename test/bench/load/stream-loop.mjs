import { setTimeout as afterMs } from 'node:timers/promises';
import { Connection } from './connection.mjs';
import { Answers, Sample } from './sample.mjs';

/** A word of every content chunk of the upstream. */
const CONTENT = Buffer.from('lorem');
const DONE = 'data: [DONE]';
const TAIL_BYTES = 64;
/** Length of one stream: callers start evenly over it. */
const STREAM_MS = 500;
const RECONNECT_AFTER_MS = 10;

/** `connections` streams at a time. A stream that does not arrive whole counts as cut, whatever its status. */
export async function runStreamLoop({ port, request, connections, window }) {
  const measured = { answers: new Answers(), firstTokens: new Sample(), gaps: new Sample(), cut: 0 };
  let isStopping = false;
  const call = async (connection, index) => {
    await afterMs((index * STREAM_MS) / connections);
    while (!isStopping) {
      const status = await readStream(connection, { request, measured: window.isOpen ? measured : null });
      if (status === 0) await afterMs(RECONNECT_AFTER_MS);
    }
  };
  const callers = Array.from({ length: connections }, () => new Connection(port));
  const finished = Promise.all(callers.map(call));
  await window.pass();
  isStopping = true;
  await finished;
  callers.forEach((connection) => connection.close());
  const { answers, firstTokens, gaps, cut } = measured;
  return { ...answers.summary(), cut, firstTokenMs: firstTokens.percentiles(), gapMs: gaps.percentiles() };
}

function readStream(connection, { request, measured }) {
  const sentAt = performance.now();
  let lastAt = 0;
  let tail = '';
  const onBody = (bytes) => {
    const now = performance.now();
    tail = (tail + bytes.latin1Slice(Math.max(0, bytes.length - TAIL_BYTES))).slice(-TAIL_BYTES);
    if (bytes.indexOf(CONTENT) < 0) return;
    if (lastAt === 0) measured?.firstTokens.add(now - sentAt);
    else measured?.gaps.add(now - lastAt);
    lastAt = now;
  };
  return new Promise((resolve) => {
    const onEnd = (status) => {
      measured?.answers.add(status, performance.now() - sentAt);
      if (measured && !(status === 200 && tail.includes(DONE))) measured.cut += 1;
      resolve(status);
    };
    connection.send(request, { onBody, onEnd });
  });
}
