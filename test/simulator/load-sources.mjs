// Runs the sources as they are, without a build, and puts the world's timers in the place of `node:timers/promises`.
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { transformSync } from '@swc/core';

const ROOT = join(import.meta.dirname, '..', '..');
const { $schema: _, ...config } = JSON.parse(readFileSync(join(ROOT, '.swcrc'), 'utf8'));
const TIMERS = pathToFileURL(join(import.meta.dirname, 'kernel', 'timers-promises.ts')).href;

registerHooks({
  resolve(specifier, context, next) {
    if (context.parentURL?.endsWith('.ts') !== true) return next(specifier, context);
    if (specifier === 'node:timers/promises') return { url: TIMERS, shortCircuit: true };
    const door = /^#([a-z-]+)$/.exec(specifier)?.[1];
    if (door !== undefined) {
      return { url: pathToFileURL(join(ROOT, 'libs', door, 'src', 'index.ts')).href, shortCircuit: true };
    }
    return next(specifier.startsWith('.') ? specifier.replace(/\.js$/, '.ts') : specifier, context);
  },
  load(url, context, next) {
    if (!url.endsWith('.ts')) return next(url, context);
    const filename = fileURLToPath(url);
    const options = { ...config, swcrc: false, filename, sourceMaps: 'inline' };
    const { code } = transformSync(readFileSync(filename, 'utf8'), options);
    return { format: 'module', source: code, shortCircuit: true };
  },
});
