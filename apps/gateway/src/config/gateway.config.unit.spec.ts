import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigurationError, readGatewayConfig, type GatewayConfig } from './gateway.config.js';

describe('the configuration of a gateway', () => {
  let directory: string;
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'overture-config-'))));
  afterEach(() => rmSync(directory, { recursive: true }));

  const read = (yaml: string, variables: NodeJS.ProcessEnv = {}): GatewayConfig => {
    const path = join(directory, 'overture.yaml');
    writeFileSync(path, yaml);
    return readGatewayConfig({ OVERTURE_CONFIG: path, ...variables });
  };
  const problemsOf = (work: () => unknown): readonly string[] => {
    try {
      work();
    } catch (error) {
      if (error instanceof ConfigurationError) return error.problems;
      throw error;
    }
    return [];
  };

  it('is complete without any setting: loopback, simulated providers', () => {
    const { environment, resolved } = read('');
    expect(environment).toMatchObject({ port: 8081, host: '127.0.0.1', anonymous: false, durability: 'overlapped' });
    expect(resolved).toEqual({ connections: [], keysFound: [], simulated: true });
  });

  it('takes a variable that is set to nothing for one that is not set', () => {
    const empty = ['HOST', 'PORT', 'OVERTURE_ANONYMOUS', 'DURABILITY', 'LOG_LEVEL', 'OVERTURE_BOOTSTRAP_KEY'];
    const variables = Object.fromEntries(empty.map((name) => [name, '']));
    expect(read('', variables).environment).toMatchObject({ port: 8081, host: '127.0.0.1', logLevel: 'info' });
  });

  it.each([
    ['16MiB', 16_777_216],
    ['40GiB', 42_949_672_960],
    ['2TiB', 2_199_023_255_552],
    ['20000000', 20_000_000],
  ])('takes %s for the size of a journal', (text, bytes) => {
    expect(read('', { OVERTURE_JOURNAL_MAX: text }).environment.journalBytesMax).toBe(bytes);
  });

  it.each(['15MiB', '1.5GiB', '20 GiB', '-1', '20GB', '99999999999TiB'])('refuses %j as one', (text) => {
    expect(problemsOf(() => read('', { OVERTURE_JOURNAL_MAX: text })).join()).toContain('OVERTURE_JOURNAL_MAX');
  });

  it('uses the providers whose keys are in the environment, and never shows the keys', () => {
    const { resolved } = read('', { OPENAI_API_KEY: 'sk-canary' });
    expect(resolved).toMatchObject({ keysFound: ['OPENAI_API_KEY'], simulated: false });
    expect(resolved.connections[0]?.connection.authentication?.value.reveal()).toBe('Bearer sk-canary');
    expect(JSON.stringify(resolved)).not.toContain('sk-canary');
  });

  it('puts simulated providers beside real ones, and reads keys from variables', () => {
    const yaml = `connections:
  - { slug: play, provider: simulated }
  - slug: mine
    provider: openai
    apiKey: "\${MY_KEY}"
    baseUrl: "http://127.0.0.1:1/v1///"
    timeouts: { idleMs: 5 }`;
    const { resolved } = read(yaml, { MY_KEY: 'sk-1' });
    expect(resolved.simulated).toBe(true);
    expect(resolved.connections).toMatchObject([
      { connection: { slug: 'mine', baseUrl: 'http://127.0.0.1:1/v1', timeouts: { idleMs: 5, connectMs: 5_000 } } },
    ]);
  });

  it('names all problems of the environment and of the file at once', () => {
    const yaml = `connections:
  - { slug: a, provider: openai, apiKey: "\${NOT_SET}" }
  - { slug: a, provider: nobody }
  - { slug: b, provider: custom }
groups: { fast: [no-such-model] }
budgets:
  - { name: team, scope: project, of: default, period: day, limitUsd: "1" }
  - { name: team, scope: project, of: default, period: day, limitUsd: "2" }
limits:
  - { name: idle, scope: key, of: "*" }
  - { name: twice, scope: key, of: "*", requestsPerMinute: 1 }
  - { name: twice, scope: key, of: "*", requestsPerMinute: 1 }`;
    const problems = problemsOf(() =>
      read(yaml, {
        PORT: '70000',
        HOST: '0.0.0.0',
        OVERTURE_ANONYMOUS: 'true',
        OVERTURE_BOOTSTRAP_KEY: 'short',
        OVERTURE_REDIS_URL: 'http://hush@nowhere',
        WORKERS: '65',
        OVERTURE_JOURNAL_MAX: '20GB',
      }),
    ).join('\n');
    for (const told of [
      'PORT',
      'OVERTURE_ANONYMOUS',
      'OVERTURE_BOOTSTRAP_KEY',
      'OVERTURE_REDIS_URL',
      'OVERTURE_JOURNAL_MAX: "20GB" is not a size of at least 16MiB',
      'WORKERS: "65" is not a whole number from 1 to 64',
      'NOT_SET',
      'nobody',
    ])
      expect(problems).toContain(told);
    for (const told of [
      'connections/b: provider "custom" needs a baseUrl',
      'groups/fast',
      'budgets/team',
      'limits/idle',
      'limits/twice',
    ])
      expect(problems).toContain(told);
    for (const secret of ['short', 'hush']) expect(problems).not.toContain(secret);
  });

  it('refuses fields that it does not know and money that is no text', () => {
    expect(problemsOf(() => read('budgetz: []')).join()).toContain('"budgetz"');
    const budget = '{ name: a, scope: key, of: k, period: day, limitUsd: 1.5 }';
    expect(problemsOf(() => read(`budgets: [${budget}]`)).join()).toContain('/budgets/0/limitUsd');
  });

  it.each([
    ['no file', '/nowhere/overture.yaml', 'no file at'],
    ['a directory', tmpdir(), 'cannot be read'],
  ])('says so when it was told of %s', (_, path, told) => {
    expect(problemsOf(() => readGatewayConfig({ OVERTURE_CONFIG: path })).join()).toContain(told);
  });

  it('says where the file is no YAML', () => {
    expect(problemsOf(() => read('connections: [')).join()).toContain('overture.yaml');
  });

  const nineOf = (alias: string): string => `[${`*${alias}, `.repeat(9)}]`;
  it.each([
    ['multiply', `a: &a [x]\nb: &b ${nineOf('a')}\nc: &c ${nineOf('b')}\nd: ${nineOf('c')}`, 'alias'],
    ['refer to nothing', 'connections: *nowhere', 'nowhere'],
  ])('names a file whose aliases %s, and every other problem with it', (_, yaml, told) => {
    const problems = problemsOf(() => read(yaml, { PORT: 'many' }));
    expect(problems).toHaveLength(2);
    expect(problems.join()).toMatch(new RegExp(`PORT.*overture.yaml: .*${told}`, 'i'));
  });
});
