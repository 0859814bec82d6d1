import { once } from 'node:events';
import { connect } from 'node:net';
import { eventsOf } from '../engines/event-stream.js';
import { ScriptedUpstream, answerStream, answerWhole } from '../engines/scripted-upstream.js';
import { Standalone, TEST_KEY } from '../engines/standalone.js';
import { waitUntil } from '../engines/wait-until.js';

describe('a gateway that is told to stop', () => {
  let upstream: ScriptedUpstream;
  let gateway: Standalone;

  beforeAll(async () => {
    upstream = await ScriptedUpstream.start();
    gateway = await Standalone.start({
      config: { connections: [{ slug: 'only', provider: 'custom', baseUrl: upstream.baseUrl, models: ['m'] }] },
    });
  });
  afterAll(async () => {
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
    const refused = await waitUntil(async () => {
      const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'too late' }] });
      late.write(
        `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${TEST_KEY}\r\n` +
          `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      );
      const [answer] = (await once(late, 'data')) as [string];
      return answer.includes('shutting_down') && answer;
    });
    expect(refused).toMatch(/^HTTP\/1\.1 503 /);
    expect(refused).toMatch(/^retry-after: 1\r$/im);

    told.resolve();
    const [whole, stream] = await Promise.all(answers.map(async (answer) => (await answer).text()));
    expect(JSON.parse(whole ?? '')).toMatchObject({ choices: [{ message: { content: 'hello' } }] });
    expect(eventsOf(stream ?? '').at(-1)).toBe('[DONE]');
    expect(await ended).toBe(0);
    expect(gateway.printed).not.toMatch(/"level":"(error|fatal)"/);
  });
});
