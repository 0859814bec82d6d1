import { transformFileSync } from '@swc/core';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EngineProcess } from './engine-process.js';
import { stablePort } from './stable-port.js';
import { waitUntil } from '../wait-until.js';

const newFolder = (): string => mkdtempSync(join(tmpdir(), 'overture-engine-'));

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** A server that does nothing but listen. */
const listener = (port: number): { command: string; args: string[] } => ({
  command: process.execPath,
  args: ['-e', `require('node:net').createServer().listen(${port}, '127.0.0.1')`],
});

/** A test process as JavaScript, for a Node that knows no TypeScript: it starts an engine and waits for its own end. */
function writeTestProcess(
  folder: string,
  engine: ConstructorParameters<typeof EngineProcess>[0],
  port: number,
): string {
  mkdirSync(join(folder, 'process'));
  for (const name of ['process/engine-process', 'wait-until']) {
    const { code } = transformFileSync(join(import.meta.dirname, '..', `${name}.ts`), {
      swcrc: false,
      jsc: { parser: { syntax: 'typescript' }, target: 'es2024' },
    });
    writeFileSync(join(folder, `${name}.js`), code);
  }
  const main = join(folder, 'main.mjs');
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(
    main,
    `import { connect } from 'node:net';
     import { EngineProcess } from './process/engine-process.js';
     const isListening = () => new Promise((resolve) => {
       const socket = connect(${port}, '127.0.0.1', () => resolve(Boolean(socket.destroy())));
       socket.once('error', () => resolve(false));
     });
     await new EngineProcess(${JSON.stringify(engine)}).launchUntil(isListening);
     console.log('ready');
     setInterval(() => undefined, 60_000);`,
  );
  return main;
}

describe('an engine of the tests', () => {
  it('ends with a test process that is killed, and so do its files', async () => {
    const code = newFolder();
    const folder = newFolder();
    const port = await stablePort();
    const main = writeTestProcess(code, { ...listener(port), folder }, port);
    const test = spawn(process.execPath, [main], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(test.stdout, 'data');
    expect(await answers(port)).toBe(true);

    test.kill('SIGKILL');

    await waitUntil(async () => !(await answers(port)) && !existsSync(folder));
    rmSync(code, { recursive: true });
  });

  it('stands still, goes on, ends and starts again as it is told', async () => {
    const port = await stablePort();
    const engine = new EngineProcess({ ...listener(port), folder: newFolder() });
    const isReady = (): Promise<boolean> => answers(port);
    await engine.launchUntil(isReady);
    const first = engine.pid;
    engine.signal('SIGSTOP');
    engine.signal('SIGCONT');
    await engine.kill('SIGTERM');
    expect([engine.isRunning, await answers(port)]).toEqual([false, false]);
    expect(() => engine.signal('SIGSTOP')).toThrow('does not run');

    await engine.launchUntil(isReady);

    expect(engine.pid).not.toBe(first);
    await engine.discard();
    expect(await answers(port)).toBe(false);
  });

  it('tells what it printed when it ends before it is ready', async () => {
    const folder = newFolder();
    const args = ['-e', 'console.error("port taken"); process.exit(1)'];
    const engine = new EngineProcess({ command: process.execPath, args, folder });
    await expect(engine.launchUntil(() => Promise.resolve(false))).rejects.toThrow('port taken');
    expect(existsSync(folder)).toBe(false);
  });

  it('says so when there is no such command', async () => {
    const engine = new EngineProcess({ command: 'no-such-server', args: [], folder: newFolder() });
    await expect(engine.launchUntil(() => Promise.resolve(false))).rejects.toThrow('no-such-server ended');
  });
});
