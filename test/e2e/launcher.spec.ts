import { spawn, spawnSync, type ChildProcess, type SpawnSyncReturns } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');

/** A clone with a small app in the place of the gateway, in a folder with spaces. */
class Clone {
  readonly root = join(fs.realpathSync(fs.mkdtempSync(join(tmpdir(), 'a clone '))), 'over ture');
  readonly #environment: NodeJS.ProcessEnv;

  constructor() {
    const { npm_execpath: _script, npm_node_execpath: _node, ...environment } = process.env;
    this.#environment = { ...environment, PATH: `${join(this.root, 'bin')}:${environment['PATH'] ?? ''}` };
    for (const path of ['scripts', 'package.json', 'package-lock.json', '.swcrc'])
      fs.cpSync(join(ROOT, path), join(this.root, path), { recursive: true });
    fs.symlinkSync(join(ROOT, 'node_modules'), join(this.root, 'node_modules'));
    this.write('bin/npm', '#!/bin/sh\necho "$@" > npm-was-run\nexit 1\n');
    fs.chmodSync(join(this.root, 'bin/npm'), 0o755);
    this.write('libs/greeting/src/index.ts', "export const GREETING: string = 'hello';");
  }

  main(code: string, app = 'standalone'): void {
    this.write(`apps/${app}/src/main.ts`, `import { GREETING } from '#greeting';\n${code}`);
  }

  write(path: string, text: string): void {
    fs.mkdirSync(dirname(join(this.root, path)), { recursive: true });
    fs.writeFileSync(join(this.root, path), text);
  }

  read(path: string): string {
    return fs.readFileSync(join(this.root, path), 'utf8');
  }

  has(path: string): boolean {
    return fs.existsSync(join(this.root, path));
  }

  start(...args: string[]): SpawnSyncReturns<string> {
    const options = { cwd: this.root, env: this.#environment, encoding: 'utf8' as const };
    return spawnSync(process.execPath, ['scripts/start.mjs', ...args], options);
  }

  /** Starts, sends the signal once the app has printed a line, and resolves with how the launcher ended. */
  startAndSignal(signal: NodeJS.Signals): Promise<Ended> {
    const child = spawn(process.execPath, ['scripts/start.mjs'], { cwd: this.root, env: this.#environment });
    child.stdout.once('data', () => child.kill(signal));
    return endOf(child);
  }

  /** The same by npm, as a container does; the app prints its process id. */
  async runAndSignal(script: string, signal: NodeJS.Signals): Promise<Ended> {
    const environment = { ...this.#environment, PATH: process.env['PATH'] };
    const child = spawn('npm', ['run', '-s', script], { cwd: this.root, env: environment });
    let pid = 0;
    child.stdout.once('data', (text: Buffer) => {
      pid = Number(text);
      child.kill(signal);
    });
    const ended = await endOf(child);
    return { ...ended, hasLeft: pid > 0 && endedNow(pid) };
  }
}

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The app was still there, and has been ended. */
  readonly hasLeft?: boolean;
}

const endOf = (child: ChildProcess): Promise<Ended> =>
  new Promise((resolve) => child.on('exit', (code, signal) => resolve({ code, signal })));

function endedNow(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}

describe('npm start', () => {
  const clone = new Clone();
  afterAll(() => fs.rmSync(dirname(clone.root), { recursive: true, force: true }));

  it('builds and runs the app on Node 24 and hands arguments and exit code on', () => {
    clone.main('console.log(GREETING, process.version, process.argv[2]); process.exitCode = 7;');
    const { stdout, status } = clone.start('with space');
    expect(stdout).toMatch(/^hello v24\..* with space\n$/);
    expect(status).toBe(7);
  });

  it('writes nothing when nothing changed', () => {
    const before = fs.statSync(join(clone.root, 'dist/libs/greeting/src/index.js')).mtimeMs;
    const { stderr } = clone.start();
    expect(stderr).toBe('');
    expect(fs.statSync(join(clone.root, 'dist/libs/greeting/src/index.js')).mtimeMs).toBe(before);
  });

  it('builds what changed, copies what is read, and removes what has no source any more', () => {
    clone.write('libs/greeting/src/index.ts', "export { GREETING } from './other.js';");
    clone.write('libs/greeting/src/other.ts', "export const GREETING = 'good day';");
    clone.write('libs/greeting/src/words.json', '{}');
    clone.write('libs/greeting/src/other.unit.spec.ts', "it('is no part of the product', () => {});");
    expect(clone.start().stdout).toMatch(/^good day/);
    expect(clone.has('dist/libs/greeting/src/words.json')).toBe(true);
    expect(clone.has('dist/libs/greeting/src/other.unit.spec.js')).toBe(false);

    clone.write('libs/greeting/src/index.ts', "export const GREETING = 'hello again';");
    fs.rmSync(join(clone.root, 'libs/greeting/src/other.ts'));
    expect(clone.start().stdout).toMatch(/^hello again/);
    expect(clone.has('dist/libs/greeting/src/other.js')).toBe(false);
  });

  it('names the file that cannot be built, and starts nothing', () => {
    clone.main('console.log(GREETING');
    const { stdout, stderr, status } = clone.start();
    expect(stderr).toContain('apps/standalone/src/main.ts');
    expect({ stdout, status }).toEqual({ stdout: '', status: 1 });
  });

  it('hands SIGTERM on and ends as the app ends', async () => {
    clone.main(`
      const alive = setInterval(() => {}, 1000);
      process.on('SIGTERM', () => { clearInterval(alive); process.exitCode = 3; });
      console.log(GREETING);
    `);
    expect(await clone.startAndSignal('SIGTERM')).toEqual({ code: 3, signal: null });
  });

  it.each([
    ['start', 'standalone'],
    ['gateway', 'gateway'],
    ['projector', 'projector'],
    ['overture', 'cli'],
  ])('ends by a signal to npm, too, when the app has ended: npm run %s', async (script, app) => {
    const code = `
      const alive = setInterval(() => {}, 1000);
      process.on('SIGTERM', () => { clearInterval(alive); process.exitCode = 3; });
      console.log(process.pid);
    `;
    clone.main(code, app);
    expect(await clone.runAndSignal(script, 'SIGTERM')).toEqual({ code: 3, signal: null, hasLeft: false });
  });

  it('ends by the signal that ended the app', async () => {
    clone.main('setInterval(() => {}, 1000); console.log(GREETING);');
    expect(await clone.startAndSignal('SIGTERM')).toEqual({ code: null, signal: 'SIGTERM' });
  });

  it('installs only when node_modules is not what the lockfile names', () => {
    expect(clone.has('npm-was-run')).toBe(false);
    const lockfile = JSON.parse(clone.read('package-lock.json')) as { packages: Record<string, { version: string }> };
    lockfile.packages['node_modules/typescript']!.version = '0.0.1';
    clone.write('package-lock.json', JSON.stringify(lockfile));
    const { stderr, status } = clone.start();
    expect(clone.read('npm-was-run')).toMatch(/^ci --include=dev/);
    expect(stderr).toContain('`npm ci` failed');
    expect(status).toBe(1);
  });
});
