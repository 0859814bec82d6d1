import { posix } from 'node:path';
import ts from 'typescript';
import { isProduct, isSource, nodesOf, violation, type TreeFile } from '../source-tree.js';

/** Where a process begins; everything else must be reached from here. */
const ENTRY = /^apps\/[^/]+\/src\/main\.ts$/;

export function findOrphans(tree: readonly TreeFile[]): string[] {
  const files = new Map(tree.filter(isSource).map((file) => [file.path, file]));
  const reached = new Set<string>();
  const waiting = [...files.keys()].filter((path) => ENTRY.test(path));
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const file = files.get(path);
    if (!file || reached.has(path)) continue;
    reached.add(path);
    waiting.push(...targetsOf(file));
  }
  return [...files.values()]
    .filter((file) => isProduct(file) && !reached.has(file.path))
    .map((file) => violation(file, 1, 'is reached from no main.ts: use it or delete it.'));
}

/** Imports, re-exports and `new URL('./journal.worker.js', import.meta.url)`. */
function targetsOf(file: TreeFile): string[] {
  return nodesOf(file)
    .filter((node) => ts.isStringLiteralLike(node))
    .map(({ text }) => text)
    .flatMap((text) => {
      const door = /^#([a-z-]+)$/.exec(text)?.[1];
      if (door) return [`libs/${door}/src/index.ts`];
      if (!/^\.{1,2}\/.*\.js$/.test(text)) return [];
      return [posix.join(posix.dirname(file.path), text).replace(/\.js$/, '.ts')];
    });
}

/** Exported, and named in no other file: dead, or private. Types are exempt: they describe what is exported. */
export function findUnusedExports(tree: readonly TreeFile[]): string[] {
  const words = new Map(
    tree.filter(({ path }) => /\.(ts|mjs|cjs)$/.test(path)).map((file) => [file.path, wordsOf(file)]),
  );
  return tree
    .filter((file) => isProduct(file) && !file.path.endsWith('/index.ts'))
    .flatMap((file) =>
      exportedValues(file)
        .filter(({ name }) => ![...words].some(([path, used]) => path !== file.path && used.has(name)))
        .map(({ name, node }) =>
          violation(file, node, `exports ${name}, which no other file names: delete it, or drop \`export\`.`),
        ),
    );
}

const wordsOf = (file: TreeFile): ReadonlySet<string> =>
  new Set(
    nodesOf(file)
      .filter(ts.isIdentifier)
      .map(({ text }) => text),
  );

interface ExportedValue {
  readonly name: string;
  readonly node: ts.Node;
}

const exportedValues = (file: TreeFile): ExportedValue[] => nodesOf(file).flatMap((node) => exportsOf(node));

function exportsOf(node: ts.Node): ExportedValue[] {
  if (ts.isVariableStatement(node) && isExported(node))
    return node.declarationList.declarations.map(({ name }) => ({ name: name.getText(), node }));
  const isValue = ts.isFunctionDeclaration(node) || ts.isClassDeclaration(node) || ts.isEnumDeclaration(node);
  return isValue && isExported(node) && node.name ? [{ name: node.name.text, node }] : [];
}

const isExported = (node: ts.HasModifiers): boolean =>
  Boolean(node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword));
