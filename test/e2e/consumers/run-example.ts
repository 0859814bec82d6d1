import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { PYTHON } from '../../engines/python.js';

const EXAMPLES = join(import.meta.dirname, '..', '..', '..', 'docs', 'examples');

/** Runs a file of docs/examples as a reader of docs/consume.md does; resolves with what it printed. */
export async function runExample(name: string, ...args: string[]): Promise<string> {
  const child = spawn(PYTHON ?? '', ['-B', join(EXAMPLES, name), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const printed = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (printed.stderr += text));
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code !== 0) throw new Error(`${name} ended with ${String(code)}:\n${printed.stderr}`);
  return printed.stdout;
}
