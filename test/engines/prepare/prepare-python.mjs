import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../../scripts/project.mjs';

const VENV = join(ROOT, '.cache', 'python');
const INTERPRETER = join(VENV, 'bin', 'python');
const STAMP = join(VENV, 'requirements.txt');
const REQUIREMENTS = join(ROOT, 'test', 'requirements.txt');

/**
 * A Python with the packages of test/requirements.txt, in an environment of its own under `.cache/`.
 * @returns {{ interpreter?: string, missing?: string }} the interpreter, or what is missing in one sentence
 */
export function preparePython() {
  const wanted = readFileSync(REQUIREMENTS, 'utf8');
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted) return { interpreter: INTERPRETER };
  rmSync(VENV, { recursive: true, force: true });
  if (!['python3', '/usr/bin/python3'].some((python) => succeeds(python, ['-m', 'venv', VENV])))
    return { missing: 'Python 3 with its venv module' };
  if (!succeeds(INTERPRETER, ['-m', 'pip', 'install', '--quiet', '--requirement', REQUIREMENTS]))
    return { missing: 'the Python packages of test/requirements.txt, which could not be installed' };
  writeFileSync(STAMP, wanted);
  return { interpreter: INTERPRETER };
}

const succeeds = (command, args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;
