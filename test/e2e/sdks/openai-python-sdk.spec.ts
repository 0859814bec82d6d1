import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { PYTHON, describeWithPython } from '../../engines/python.js';
import {
  ScriptedUpstream,
  answerBytes,
  answerStatus,
  answerStream,
  answerWhole,
  type Behaviour,
} from '../../engines/scripted-upstream.js';
import { Standalone, TEST_KEY } from '../../engines/standalone.js';

const JOURNEY = join(import.meta.dirname, 'openai_sdk_journey.py');

/** The provider does what the message says. */
const obey: Behaviour = (call, response) => {
  const [{ content }] = call.body['messages'] as [{ content: string }];
  const status = /^answer (\d+)/.exec(content)?.[1];
  const isOver = content.endsWith(' once') && upstream.calls.filter(({ bytes }) => bytes.includes(content)).length > 1;
  if (status !== undefined && !isOver)
    return answerStatus(Number(status), { error: { message: content } }, { 'retry-after': '3' })(call, response);
  if (content === 'talk without end') return answerStream(Array(10_000).fill('on '), { gapMs: 5 })(call, response);
  if (content === 'break off') return answerBytes([HALF], { ending: 'cut' })(call, response);
  return answerWhole()(call, response);
};
const HALF = 'data: {"choices":[{"index":0,"delta":{"content":"half an"}}]}\n\n';

let upstream: ScriptedUpstream;
let gateway: Standalone;

/** Runs one class of the journey; resolves with how it went, in the words of unittest. */
async function run(name: string): Promise<string> {
  const child = spawn(PYTHON ?? '', ['-B', JOURNEY, name], {
    env: { ...process.env, OVERTURE_TEST_URL: `${gateway.url}/v1`, OVERTURE_TEST_KEY: TEST_KEY },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let told = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (told += text));
  await new Promise((resolve) => child.on('close', resolve));
  return told;
}

describeWithPython('the official Python SDK', () => {
  beforeAll(async () => {
    upstream = await ScriptedUpstream.start(obey);
    const scripted = {
      slug: 'scripted',
      provider: 'openai',
      baseUrl: upstream.baseUrl,
      apiKey: 'sk-x',
      models: ['gpt-4o'],
    };
    gateway = await Standalone.start({
      config: {
        connections: [{ slug: 'simulated', provider: 'simulated' }, scripted],
        budgets: [{ name: 'pennies', scope: 'project', of: 'default', period: 'day', limitUsd: '0.5' }],
      },
    });
  });

  afterAll(async () => {
    await gateway.discard();
    await upstream.close();
  });

  it.each([
    ['Chat', 4],
    ['Streams', 6],
    ['Tools', 2],
    ['StructuredOutput', 2],
    ['Models', 1],
    ['Errors', 3],
  ])('works unchanged: %s', async (name, count) => {
    expect(await run(name)).toMatch(new RegExp(`^Ran ${count} tests? in [\\d.]+s\\n\\nOK$`, 'm'));
  });

  it('stops the provider when it closes a stream', async () => {
    const endless = upstream.calls.filter(({ bytes }) => bytes.includes('talk without end'));
    expect(endless).toHaveLength(1);
    await endless[0]?.closed;
  });
});
