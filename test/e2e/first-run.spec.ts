import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ScriptedUpstream, answerStatus, answerWhole, inTurn } from '../engines/scripted-upstream.js';
import { Standalone, TEST_KEY, newDataDir, type StandaloneOptions } from '../engines/standalone.js';
import { waitUntil } from '../engines/wait-until.js';

const run = promisify(execFile);
const NO_KEY_OF_OURS = { OVERTURE_BOOTSTRAP_KEY: '' };

/** Everything that was printed, once the last line of the greeting is out: it comes after the gateway listens. */
const greeting = (gateway: Standalone): Promise<string> =>
  waitUntil(() => /-d '\{.*\}'\n/.test(gateway.printed) && gateway.printed);

const keysIn = (text: string): string[] => [...new Set(text.match(/sk-igris-[\w-]+/g))];

describe('the first start', () => {
  const dataDir = newDataDir();
  let gateway: Standalone;
  let printed = '';

  beforeAll(async () => {
    gateway = await Standalone.start({ dataDir, environment: NO_KEY_OF_OURS });
    printed = await greeting(gateway);
  });
  afterAll(() => gateway.discard());

  it('prints one key, what it found, and where to look', () => {
    expect(keysIn(printed)).toEqual([expect.stringMatching(/^sk-igris-[\w-]{43}$/)]);
    expect(printed).toContain('SIMULATED (no connection and no provider key found');
    expect(printed).toContain(`${gateway.url}/docs`);
    expect(printed).toContain(join(dataDir, 'data'));
  });

  it('prints a command that works when it is pasted into a shell', async () => {
    const command = printed.slice(printed.indexOf('curl '));
    const { stdout } = await run('sh', ['-c', command]);
    const answer = JSON.parse(stdout) as { choices: { message: { content: string } }[] };
    expect(answer.choices[0]?.message.content).toMatch(/simulated answer/);
    expect(answer).toMatchObject({ metadata: { provider: 'simulated' } });
  });

  it('keeps its data to itself: only the user who started it can enter', () => {
    const mode = execFileSync('stat', ['-c', '%a', join(dataDir, 'data')], { encoding: 'utf8' });
    expect(mode.trim()).toBe('700');
  });

  it('is the only one on its data: a second instance ends at once and names the holder', async () => {
    const second = await Standalone.launch({ dataDir, environment: NO_KEY_OF_OURS });
    expect(await second.exited()).toBe(1);
    expect(second.printed).toContain(String(gateway.pid));
    expect(second.printed).toContain(`127.0.0.1:${gateway.port}`);
    expect(second.printed).not.toMatch(/^ +at /m);
    expect((await fetch(`${gateway.url}/v1/health`)).status).toBe(200);
  });

  it('is followed by starts that know the key and print none', async () => {
    const [key = ''] = keysIn(printed);
    await gateway.stop();
    gateway = await Standalone.start({ dataDir, environment: NO_KEY_OF_OURS });
    const again = await greeting(gateway);
    expect(keysIn(again)).toEqual([]);
    expect(again).toContain('the one shown at the first start');
    expect((await gateway.chat('gpt-4o', {}, { authorization: `Bearer ${key}` })).status).toBe(200);
  });
});

describe('a start', () => {
  it('with provider keys in the environment serves those providers, and asks them nothing', async () => {
    const names = 'OPENAI ANTHROPIC GEMINI XAI MISTRAL DEEPSEEK MOONSHOT DASHSCOPE MINIMAX ZAI';
    const variables = names.split(' ').map((name) => `${name}_API_KEY`);
    const environment = Object.fromEntries(variables.map((name) => [name, `canary-of-${name}`]));
    const gateway = await Standalone.start({ environment });
    const printed = await greeting(gateway);
    for (const name of variables) expect(printed).toContain(name);
    expect(printed).not.toContain('canary');
    expect(printed).not.toContain('SIMULATED');
    const { data } = (await (await gateway.request('/v1/models')).json()) as { data: { connections: string[] }[] };
    expect(new Set(data.flatMap(({ connections }) => connections))).toEqual(
      new Set('openai anthropic gemini xai mistral deepseek moonshot qwen minimax zai'.split(' ')),
    );
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(metrics).not.toMatch(/^overture_provider_attempts_total\{/m);
    await gateway.discard();
  });

  it('on a port that is taken ends with what to change', async () => {
    const holder = await ScriptedUpstream.start();
    const port = new URL(holder.baseUrl).port;
    expect(await refusalOf({ environment: { PORT: port } })).toMatch(
      new RegExp(`Cannot listen on 127\\.0\\.0\\.1:${port}.*choose another PORT`),
    );
    await holder.close();
  });
});

/** What a start printed that did not come about; nothing was touched, and nobody gets a stack to read. */
async function refusalOf(options: StandaloneOptions): Promise<string> {
  const gateway = await Standalone.launch(options);
  expect(await gateway.exited()).toBe(1);
  expect(gateway.printed).not.toMatch(/^ +at /m);
  rmSync(gateway.dataDir, { recursive: true, force: true });
  return gateway.printed;
}

describe('a wrong configuration', () => {
  const connection = { slug: 'own', provider: 'custom', baseUrl: 'http://127.0.0.1:9/v1', models: ['m'] };

  it('of the environment is told variable by variable, all at once, before anything is touched', async () => {
    const dataDir = newDataDir();
    const gateway = await Standalone.launch({
      dataDir,
      environment: {
        PORT: 'http',
        HOST: '0.0.0.0',
        OVERTURE_ANONYMOUS: 'true',
        DURABILITY: 'maybe',
        LOG_LEVEL: 'loud',
        OVERTURE_IN_FLIGHT_MAX: '0',
        OVERTURE_BOOTSTRAP_KEY: 'sk-igris-short',
        OVERTURE_CONFIG: join(dataDir, 'absent.yaml'),
      },
    });
    expect(await gateway.exited()).toBe(1);
    expect(gateway.printed).toMatch(/^The configuration has 7 problems:\n( {2}- .+\n){7}$/);
    expect(gateway.printed).toContain('PORT: "http" is not a whole number');
    expect(gateway.printed).toContain('OVERTURE_ANONYMOUS: only allowed on loopback');
    expect(gateway.printed).toContain('DURABILITY: "maybe" is not one of');
    expect(gateway.printed).toContain('LOG_LEVEL: "loud" is not one of');
    expect(gateway.printed).toContain('OVERTURE_IN_FLIGHT_MAX: "0"');
    expect(gateway.printed).toContain('OVERTURE_BOOTSTRAP_KEY: must start with sk-igris-');
    expect(gateway.printed).toContain('OVERTURE_CONFIG: no file at');
    expect(gateway.printed).not.toContain('sk-igris-short');
    expect(existsSync(join(dataDir, 'data'))).toBe(false);
    rmSync(dataDir, { recursive: true });
  });

  it('of the file is told place by place, together with the environment', async () => {
    const refusal = await refusalOf({
      environment: { PORT: '-1' },
      config: {
        connections: [
          { ...connection, apiKey: '${A_VARIABLE_THAT_IS_NOT_SET}', modles: ['m'] },
          { ...connection, slug: 'Big Slug', timeouts: { totalMs: 'long' } },
        ],
        budgets: [{ name: 'a', scope: 'team', of: 'default', period: 'day', limitUsd: 25 }],
        routing: { strategy: 'astrology' },
      },
    });
    for (const said of [
      'PORT: "-1"',
      'A_VARIABLE_THAT_IS_NOT_SET: not set, but /connections/0/apiKey refers to it',
      '/connections/0 must NOT have additional properties ("modles")',
      '/connections/1/slug',
      '/connections/1/timeouts/totalMs must be integer',
      '/budgets/0/limitUsd must be string',
      '/budgets/0/scope',
      '/routing/strategy',
    ]) {
      expect(refusal).toContain(said);
    }
  });

  it('that only makes no sense is told, too', async () => {
    const refusal = await refusalOf({
      config: {
        connections: [
          connection,
          connection,
          { slug: 'unknown', provider: 'openia' },
          { slug: 'keyless', provider: 'anthropic' },
          { slug: 'nowhere', provider: 'custom', models: ['m'] },
          { slug: 'empty', provider: 'custom', baseUrl: 'http://127.0.0.1:9/v1' },
        ],
        groups: { team: ['own/m', 'own/absent'] },
        budgets: ['day', 'month'].map((period) => ({
          name: 'a',
          scope: 'project',
          of: 'default',
          period,
          limitUsd: '1',
        })),
      },
    });
    for (const said of [
      'connections/own: the slug is used twice',
      'connections/unknown: unknown provider "openia"; it is one of openai',
      'connections/keyless: no apiKey, and ANTHROPIC_API_KEY is not set',
      'connections/nowhere: provider "custom" needs a baseUrl',
      'connections/empty: provider "custom" needs a list of models',
      'groups/team: ',
      'budgets/a: the name is used twice',
    ]) {
      expect(refusal).toContain(said);
    }
  });

  it('that is no YAML is told with the place', async () => {
    const dataDir = newDataDir();
    const path = join(dataDir, 'broken.yaml');
    mkdirSync(dataDir, { recursive: true });
    writeFileSync(path, 'connections:\n  - slug: [\n');
    expect(await refusalOf({ dataDir, environment: { OVERTURE_CONFIG: path } })).toMatch(/broken\.yaml: .*line \d/);
  });

  it('whose budget is of a key that does not exist ends with its name', async () => {
    const budgets = [{ name: 'a', scope: 'key', of: 'nobodys', period: 'day', limitUsd: '1' }];
    expect(await refusalOf({ config: { connections: [connection], budgets } })).toMatch(
      /Budgets cannot be set up: .*nobodys/,
    );
  });
});

describe('what is secret', () => {
  const [prompt, answer, providerKey] = ['canary-of-the-prompt', 'canary-of-the-answer', 'canary-of-the-provider-key'];

  it('is neither printed, nor measured, nor kept: prompts, answers, keys', async () => {
    const upstream = await ScriptedUpstream.start(
      inTurn(
        answerWhole(answer),
        answerWhole(answer),
        answerStatus(401, { error: { message: `Incorrect API key provided: ${providerKey}` } }),
        answerStatus(400, { error: { message: `I do not like "${prompt}".` } }),
        answerStatus(200, `this is no JSON, but ${answer}`),
      ),
    );
    const gateway = await Standalone.start({
      environment: { LOG_LEVEL: 'trace' },
      config: {
        connections: [
          { slug: 'own', provider: 'custom', apiKey: providerKey, baseUrl: upstream.baseUrl, models: ['m'] },
        ],
        budgets: [{ name: 'a', scope: 'key', of: 'bootstrap', period: 'day', limitUsd: '1' }],
      },
    });
    const messages = [{ role: 'user', content: prompt }];
    const statuses: number[] = [];
    for (const more of [{}, { stream: true }, {}, {}, {}, { model: 'x' }, { max_tokens: 0 }]) {
      const reply = await gateway.chat('m', { messages, ...more });
      await reply.text();
      statuses.push(reply.status);
    }
    expect(statuses).toEqual([200, 200, 502, 400, 502, 404, 400]);
    await gateway.request('/v1/chat/completions', `{"messages": "${prompt}`);
    await gateway.chat('m', { messages }, { authorization: `Bearer sk-igris-canary-of-a-wrong-key-0123456789` });

    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    await gateway.stop();
    const secrets = new RegExp(`canary|${TEST_KEY}`);
    expect(gateway.printed).not.toMatch(secrets);
    expect(metrics).not.toMatch(secrets);
    const kept = run(
      'grep',
      ['--recursive', '--text', '--files-with-matches', '--extended-regexp', secrets.source, 'data'],
      {
        cwd: gateway.dataDir,
      },
    );
    await expect(kept).rejects.toMatchObject({ code: 1, stdout: '' });
    await gateway.discard();
    await upstream.close();
  });
});
