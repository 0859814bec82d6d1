import ts from 'typescript';
import { heightOf, isCode, isFixture, isTest, nodesOf, violation, type TreeFile } from '../source-tree.js';

const FILE_LINES_MAX = 300;
const TEST_FILE_LINES_MAX = 600;
const DOOR_LINES_MAX = 30;
const FUNCTION_LINES_MAX = 70;
const COLUMNS_MAX = 120;
const PARAMETERS_MAX = 3;
const DEPENDENCIES_MAX = 5;
const FOLDER_FILES_MAX = 12;

export function findLongFiles(tree: readonly TreeFile[]): string[] {
  return tree.filter(isCode).flatMap((file) => {
    const lines = file.text.trimEnd().split('\n').length;
    const isDoor = /^libs\/[^/]+\/src\/index\.ts$/.test(file.path);
    const max = isDoor ? DOOR_LINES_MAX : isTest(file) ? TEST_FILE_LINES_MAX : FILE_LINES_MAX;
    return lines > max
      ? [violation(file, lines, `has ${lines} lines, ${max} at most: split it by what changes together.`)]
      : [];
  });
}

export function findWideLines(tree: readonly TreeFile[]): string[] {
  return tree.filter(isCode).flatMap((file) =>
    file.text.split('\n').flatMap((line, index) => {
      const isUnbreakable = !line
        .trim()
        .replace(/^(\/\/|\*)\s*/, '')
        .includes(' ');
      if (line.length <= COLUMNS_MAX || isUnbreakable) return [];
      return [violation(file, index + 1, `is ${line.length} columns wide, ${COLUMNS_MAX} at most: break the line.`)];
    }),
  );
}

/** Specs are exempt: a `describe` is a list, not a function one reads through. */
export function findLongFunctions(tree: readonly TreeFile[]): string[] {
  return tree
    .filter((file) => isCode(file) && !/\.(spec|suite)\.ts$/.test(file.path))
    .flatMap((file) =>
      nodesOf(file)
        .filter((node) => ts.isFunctionLike(node) && heightOf(file, node) > FUNCTION_LINES_MAX)
        .map((node) =>
          violation(
            file,
            node,
            `is a function of ${heightOf(file, node)} lines, ${FUNCTION_LINES_MAX} at most: name its parts.`,
          ),
        ),
    );
}

/** Callbacks written in place are exempt: their signature is the caller's. */
export function findLongParameterLists(tree: readonly TreeFile[]): string[] {
  return tree.filter(isCode).flatMap((file) =>
    nodesOf(file).flatMap((node) => {
      if (!ts.isFunctionLike(node) || !isNamed(node)) return [];
      const [max, advice] = ts.isConstructorDeclaration(node)
        ? [DEPENDENCIES_MAX, 'split the class by command']
        : [PARAMETERS_MAX, 'take an object'];
      const count = node.parameters.length;
      return count > max ? [violation(file, node, `takes ${count} parameters, ${max} at most: ${advice}.`)] : [];
    }),
  );
}

const isNamed = (node: ts.SignatureDeclaration): boolean =>
  ts.isFunctionDeclaration(node) ||
  ts.isMethodDeclaration(node) ||
  ts.isConstructorDeclaration(node) ||
  ((ts.isArrowFunction(node) || ts.isFunctionExpression(node)) && ts.isVariableDeclaration(node.parent));

export function findFullFolders(tree: readonly TreeFile[]): string[] {
  const folders = new Map<string, number>();
  for (const { path } of tree.filter(({ path }) => /^(apps|libs|scripts|test)\//.test(path) && !isFixture(path))) {
    const folder = path.slice(0, path.lastIndexOf('/'));
    folders.set(folder, (folders.get(folder) ?? 0) + 1);
  }
  return [...folders]
    .filter(([, count]) => count > FOLDER_FILES_MAX)
    .map(
      ([folder, count]) =>
        `${folder}/ holds ${count} files, ${FOLDER_FILES_MAX} at most: give some of them a folder named for its noun.`,
    );
}
