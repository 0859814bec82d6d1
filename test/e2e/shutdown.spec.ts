import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { eventsOf } from '../engines/event-stream.js';
import { ScriptedUpstream, answerStream, answerWhole } from '../engines/scripted-upstream.js';
import { Standalone, TEST_KEY } from '../engines/standalone.js';
import { waitUntil } from '../engines/wait-until.js';

const CALLERS = 64;

/** Bytes of a request, for what a client library would not show. */
function requestOf(content: string): string {
  const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content }] });
  const head = `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${TEST_KEY}\r\n`;
  return `${head}content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}

describe('a gateway that is told to stop', () => {
  let upstream: ScriptedUpstream;
  let gateway: Standalone;

  const start = (environment: Record<string, string> = {}): Promise<Standalone> =>
    Standalone.start({
      config: { connections: [{ slug: 'only', provider: 'custom', baseUrl: upstream.baseUrl, models: ['m'] }] },
      environment,
    });

  beforeEach(async () => {
    upstream = await ScriptedUpstream.start();
    gateway = await start();
  });
  afterEach(async () => {
    await gateway.discard();
    await upstream.close();
  });

  it('answers what it has begun, refuses what comes in on open connections, and ends well', async () => {
    const told = Promise.withResolvers<void>();
    upstream.behaviour = async (call, response) => {
      if (upstream.calls.length <= 2) await told.promise;
      await (call.body.stream === true ? answerStream(['to', 'the', 'end']) : answerWhole())(call, response);
    };
    const answers = [gateway.chat('m'), gateway.chat('m', { stream: true })];
    await waitUntil(() => upstream.calls.length === 2);
    const late = connect(gateway.port, '127.0.0.1').setEncoding('utf8');
    await once(late, 'connect');

    const ended = gateway.stop();
    await waitUntil(async () => (await gateway.chat('m')).status === 503);
    late.write(requestOf('too late'));
    const [refused] = (await once(late, 'data')) as [string];
    expect(refused).toMatch(/^HTTP\/1\.1 503 /);
    expect(refused).toMatch(/^retry-after: 1\r$/im);
    expect(refused).toMatch(/^connection: close\r$/im);
    expect(refused).toContain('shutting_down');
    const unready = await gateway.request('/v1/health');
    expect(unready.status).toBe(503);
    expect(await unready.json()).toMatchObject({
      error: { code: 'not_ready', message: expect.stringContaining('told to stop') },
    });
    expect((await fetch(`${gateway.url}/livez`)).status).toBe(200);

    told.resolve();
    for (const { headers } of await Promise.all(answers)) expect(headers.get('connection')).toBe('close');
    const [whole, stream] = await Promise.all(answers.map(async (answer) => (await answer).text()));
    expect(JSON.parse(whole ?? '')).toMatchObject({ choices: [{ message: { content: 'hello' } }] });
    expect(eventsOf(stream ?? '').at(-1)).toBe('[DONE]');
    expect(await ended).toBe(0);
    expect(gateway.printed).not.toMatch(/"level":"(error|fatal)"/);
  });

  it('answers on for its grace, and says that it is not ready', async () => {
    upstream.behaviour = answerWhole();
    const patient = await start({ OVERTURE_DRAIN_GRACE_SECONDS: '600' });
    const ended = patient.stop();
    await waitUntil(async () => (await patient.request('/v1/health')).status === 503);
    const answer = await patient.chat('m');
    expect([answer.status, answer.headers.get('connection')]).toEqual([200, 'close']);
    await patient.stop('SIGKILL');
    await ended;
    await patient.discard();
  });

  it('answers whoever the system had let in before it came to look', async () => {
    process.kill(gateway.pid, 'SIGSTOP'); // connections are taken and requests are read by the kernel alone
    const callers = Array.from({ length: CALLERS }, () => connect(gateway.port, '127.0.0.1').setEncoding('utf8'));
    const answers = callers.map((caller) => statusLine(caller));
    await Promise.all(
      callers.map(async (caller) => {
        await once(caller, 'connect');
        await new Promise((written) => caller.write(requestOf('in time'), written));
      }),
    );
    const ended = gateway.stop();
    process.kill(gateway.pid, 'SIGCONT');

    for (const answer of await Promise.all(answers)) expect(answer).toMatch(/^HTTP\/1\.1 (200|503) /);
    callers.forEach((caller) => caller.destroy());
    expect(await ended).toBe(0);
  });
});

/** What an answer begins with, or why there is none. */
function statusLine(caller: Socket): Promise<string> {
  return new Promise((resolve) => {
    caller.on('data', (text: string) => resolve(text.split('\r\n')[0] ?? ''));
    caller.on('error', ({ message }) => resolve(message));
    caller.on('close', () => resolve('closed without an answer'));
  });
}
