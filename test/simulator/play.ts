import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** Runs the simulator as `npm run simulate` does, outside of jest: a world of its own needs globals of its own. */
export function playSimulator(...args: readonly string[]): Promise<{ code: number | null; lines: readonly string[] }> {
  const script = join(import.meta.dirname, '..', '..', 'scripts', 'simulate.mjs');
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const pieces: Buffer[] = [];
  child.stdout.on('data', (piece: Buffer) => pieces.push(piece));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({
        code,
        lines: Buffer.concat(pieces)
          .toString()
          .split('\n')
          .filter((line) => line !== ''),
      });
    });
  });
}
