import { posix } from 'node:path';
import { violation, type TreeFile } from '../source-tree.js';

/** `[text](target)`, without the anchor. */
const LINK = /\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g;
/** A path of this repository in backticks; placeholders (`<noun>`, `*`, `{a,b}`) are not looked for. */
const PATH = /`(?!docs\/adr\/YYYY)((?:apps|libs|test|scripts|docs|\.ci)\/[\w./-]+)`/g;

/** Links and paths in prose that lead nowhere: what a reader is told to look at has to be there. */
export function findDeadReferences(tree: readonly TreeFile[]): string[] {
  const present = new Set(tree.flatMap(({ path }) => [path, ...foldersOf(path)]));
  return tree
    .filter(({ path }) => path.endsWith('.md'))
    .flatMap((file) =>
      file.text.split('\n').flatMap((line, index) => {
        const links = [...line.matchAll(LINK)].map(([, target = '']) => posix.join(posix.dirname(file.path), target));
        const paths = [...line.matchAll(PATH)].map(([, path = '']) => path);
        return [...links, ...paths]
          .filter((path) => !present.has(path.replace(/\/$/, '')))
          .map((path) =>
            violation(file, index + 1, `names ${path}, which is not there: mend the path or the sentence.`),
          );
      }),
    );
}

function foldersOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}
