import { execFile } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Standalone } from '../engines/standalone.js';

const CLI = join(import.meta.dirname, '..', '..', 'dist', 'apps', 'cli', 'src', 'main.js');

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `overture` as an operator does, on one gateway's data. */
const overture = (gateway: Standalone, ...args: string[]): Promise<Ended> => operate(gateway, { args });

function operate(
  gateway: Standalone,
  { args, variables = {} }: { readonly args: readonly string[]; readonly variables?: Record<string, string> },
): Promise<Ended> {
  const env = { PATH: process.env['PATH'], OVERTURE_DATA: join(gateway.dataDir, 'data'), ...variables };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', CLI, ...args],
      { env },
      (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
      },
    );
  });
}

const rebuilt = ({ stdout }: Ended) =>
  JSON.parse(stdout) as {
    built: number;
    outcome: string;
    tables: { table: string; equal: boolean; liveRows: number }[];
  };

describe("operator's commands", () => {
  let gateway: Standalone;

  const ask = async (count: number): Promise<string[]> => {
    const body = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello!' }] };
    const answers = await Promise.all(
      Array.from({ length: count }, () => gateway.request('/v1/chat/completions', body)),
    );
    return answers.map(({ headers }) => headers.get('x-request-id') ?? '');
  };

  beforeAll(async () => {
    gateway = await Standalone.start();
  });
  afterAll(() => gateway.discard());

  it('replay derives a decision again, to the bit, while the gateway runs', async () => {
    const [request = ''] = await ask(1);

    const { code, stdout } = await overture(gateway, 'replay', '--request', request, '--json');

    expect(JSON.parse(stdout)).toMatchObject({ request_id: request, matches: true, differences: [] });
    expect(code).toBe(0);
  });

  it('replay says so when there is no such request', async () => {
    const { code, stderr } = await overture(gateway, 'replay', '--request', '019a1b2c-3d4e-7f50-8a1b-2c3d4e5f6071');

    expect(stderr).toContain('no routing decision for request 019a1b2c');
    expect(code).toBe(1);
  });

  it('rebuild finds the live tables equal while requests go on, and the projector follows the flip', async () => {
    await ask(20);
    let busy = true;
    const traffic = (async () => {
      while (busy) await ask(4);
    })();
    const ended = await overture(gateway, 'rebuild', '--json');
    busy = false;
    await traffic;

    expect(ended).toMatchObject({ code: 0 });
    expect(rebuilt(ended)).toMatchObject({ built: 2, outcome: 'flipped' });
    expect(rebuilt(ended).tables.filter(({ equal }) => !equal)).toEqual([]);
    expect(rebuilt(ended).tables.find(({ table }) => table === 'cost_ledger')?.liveRows).toBeGreaterThan(0);

    const [request = ''] = await ask(1);
    expect(await (await gateway.request(`/v1/requests/${request}`)).json()).toMatchObject({ id: request });
  });

  it('rebuild and migrate work on a stopped gateway, too, and leave nothing running', async () => {
    await gateway.stop();

    expect(await overture(gateway, 'migrate')).toMatchObject({ code: 0, stdout: 'The schema is up to date.\n' });
    const ended = await overture(gateway, 'rebuild', '--compare-only', '--json');
    expect(ended).toMatchObject({ code: 0 });
    expect(rebuilt(ended)).toMatchObject({ outcome: 'equal' });

    gateway = await Standalone.start({ dataDir: gateway.dataDir });
    expect((await gateway.request('/v1/health')).status).toBe(200);
  });

  it('archive seals what the log holds, and rebuild reads it there and nothing that is damaged', async () => {
    await ask(10);
    const directory = join(gateway.dataDir, 'archive');
    const archiving = (...args: string[]): Promise<Ended> =>
      operate(gateway, { args, variables: { OVERTURE_ARCHIVE: directory } });

    const archived = await archiving('archive', '--json');
    expect(archived).toMatchObject({ code: 0, stderr: '' });
    const [sealed] = (JSON.parse(archived.stdout) as { sealed: { partition: number; first_offset: string }[] }).sealed;
    expect(sealed).toMatchObject({ first_offset: '0' });
    expect(await archiving('archive')).toMatchObject({ code: 0, stdout: 'Everything is archived.\n' });

    const rebuild = await archiving('rebuild', '--compare-only', '--json');
    expect(rebuild).toMatchObject({ code: 0 });
    expect(rebuilt(rebuild)).toMatchObject({ outcome: 'equal' });

    const [file = ''] = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.jsonl.zst'),
    );
    const bytes = readFileSync(join(directory, file));
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(join(directory, file), bytes);
    const refused = await archiving('rebuild', '--compare-only', '--json');
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain('The log is damaged at partition');
  });

  it('archive says what to set when there is none', async () => {
    const { code, stderr } = await overture(gateway, 'archive');

    expect(stderr).toContain('set OVERTURE_ARCHIVE to a folder or to s3://bucket/prefix');
    expect(code).toBe(1);
  });
});
