import { readFileSync, readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import ts from 'typescript';

export const ROOT = join(import.meta.dirname, '..', '..');

/** Neither written by hand nor part of the repository; the same list as .gitignore. */
const UNTRACKED = /^(node_modules|dist|\.git|\.overture|coverage|\.cache|__pycache__)$|\.log$/;

/** A file of the repository; rules see nothing else, so that a fixture is two strings. */
export interface TreeFile {
  /** From the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** Every file of the repository. */
export function readTree(folder = ROOT): TreeFile[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (UNTRACKED.test(entry.name)) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return readTree(path);
    return [{ path: relative(ROOT, path).split(sep).join('/'), text: readFileSync(path, 'utf8') }];
  });
}

/** TypeScript of apps and libs. */
export const isSource = ({ path }: TreeFile): boolean =>
  /^(apps|libs)\/[^/]+\/src\/.*\.ts$/.test(path) && !isFixture(path);

/** Code that only tests load. */
export const isTest = ({ path }: TreeFile): boolean => /\.(spec|suite)\.ts$/.test(path) || path.startsWith('test/');

export const isProduct = (file: TreeFile): boolean => isSource(file) && !isTest(file);

export const isCode = ({ path }: TreeFile): boolean => /\.(ts|mjs|cjs|js)$/.test(path) && !isFixture(path);

/** Recorded answers, golden events and what else only specs read. */
export const isFixture = (path: string): boolean => /\/__\w+__\//.test(path);

const parsed = new WeakMap<TreeFile, ts.SourceFile>();

export function parse(file: TreeFile): ts.SourceFile {
  const known = parsed.get(file);
  if (known) return known;
  const fresh = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.ESNext, true);
  parsed.set(file, fresh);
  return fresh;
}

/** Every node of the file, parents before children. */
export function nodesOf(file: TreeFile): ts.Node[] {
  const nodes: ts.Node[] = [];
  const visit = (node: ts.Node): void => {
    nodes.push(node);
    ts.forEachChild(node, visit);
  };
  visit(parse(file));
  return nodes;
}

/** One violation as a rule reports it: where, and what to do about it. */
export const violation = (file: TreeFile, at: ts.Node | number, advice: string): string =>
  `${file.path}:${typeof at === 'number' ? at : lineOf(file, at.getStart())} ${advice}`;

const lineOf = (file: TreeFile, position: number): number =>
  parse(file).getLineAndCharacterOfPosition(position).line + 1;

/** Lines that a node spans. */
export const heightOf = (file: TreeFile, node: ts.Node): number =>
  lineOf(file, node.getEnd()) - lineOf(file, node.getStart()) + 1;
