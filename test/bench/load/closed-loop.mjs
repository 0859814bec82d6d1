import { Connection } from './connection.mjs';
import { Answers } from './sample.mjs';

const RECONNECT_AFTER_MS = 10;

/** As many requests as `connections` callers get answered who each wait for one answer before they ask again. */
export async function runClosedLoop({ port, request, connections, window }) {
  const answers = new Answers();
  let isStopping = false;
  const call = (connection, done) => {
    const sentAt = performance.now();
    const onEnd = (status) => {
      if (window.isOpen) answers.add(status, performance.now() - sentAt);
      if (isStopping) done();
      else if (status === 0) setTimeout(() => call(connection, done), RECONNECT_AFTER_MS);
      else call(connection, done);
    };
    connection.send(request, { onEnd });
  };
  const callers = Array.from({ length: connections }, () => new Connection(port));
  const finished = Promise.all(callers.map((connection) => new Promise((done) => call(connection, done))));
  await window.pass();
  isStopping = true;
  await finished;
  callers.forEach((connection) => connection.close());
  return answers.summary();
}
