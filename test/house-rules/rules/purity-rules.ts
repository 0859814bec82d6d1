import ts from 'typescript';
import { isProduct, nodesOf, violation, type TreeFile } from '../source-tree.js';

/** What must give the same result in the gateway, in a rebuild and in a replay years later. */
const isPure = ({ path }: TreeFile): boolean =>
  /\.(decider|state|projection|event)\.ts$/.test(path) ||
  /^libs\/(posterior|contracts)\/src\//.test(path) ||
  /^libs\/routing\/src\/(quadrature|strategies|vector)\//.test(path) ||
  path.startsWith('libs/providers/src/dialects/');

const CLOCKS = /^(Date\.now|performance\.now|process\.(hrtime|uptime)(\.bigint)?)$/;
const CHANCES = /^(Math\.random|(crypto\.)?(randomUUID|randomBytes|randomInt|getRandomValues))$/;
const TIMERS = /^(setTimeout|setInterval|setImmediate|queueMicrotask)$/;
/** Their last digit differs between engines; × + − ÷ and √ are exact by IEEE 754. */
const INEXACT = /^Math\.(pow|exp|expm1|log|log2|log10|log1p|sin|cos|tan|tanh|sinh|cosh|atan|atan2|cbrt|hypot)$/;

export function findImpureCalls(tree: readonly TreeFile[]): string[] {
  return tree
    .filter((file) => isProduct(file) && isPure(file))
    .flatMap((file) => nodesOf(file).flatMap((node) => impurity(file, node)));
}

function impurity(file: TreeFile, node: ts.Node): string[] {
  if (ts.isNewExpression(node) && node.expression.getText() === 'Date' && !node.arguments?.length)
    return [violation(file, node, 'reads the clock: pass the time in.')];
  if (!ts.isCallExpression(node)) return [];
  const callee = node.expression.getText();
  if (CLOCKS.test(callee) || callee === 'Date')
    return [violation(file, node, `${callee} reads the clock: pass the time in.`)];
  if (CHANCES.test(callee)) return [violation(file, node, `${callee} is chance: pass the drawn value in.`)];
  if (TIMERS.test(callee)) return [violation(file, node, `${callee} waits: a decision does not.`)];
  return [];
}

/** The fold and the vector are recomputed from the log bit for bit, maybe by another engine version. */
export function findInexactMath(tree: readonly TreeFile[]): string[] {
  const isFolded = ({ path }: TreeFile): boolean => /^libs\/(posterior|read-models)\/src\//.test(path);
  return tree
    .filter((file) => isProduct(file) && isFolded(file))
    .flatMap((file) =>
      nodesOf(file)
        .filter((node) => isInexact(node))
        .map((node) => violation(file, node, 'is not exact across engines: fold with × and + only.')),
    );
}

const isInexact = (node: ts.Node): boolean =>
  (ts.isCallExpression(node) && INEXACT.test(node.expression.getText())) ||
  (ts.isBinaryExpression(node) &&
    [ts.SyntaxKind.AsteriskAsteriskToken, ts.SyntaxKind.AsteriskAsteriskEqualsToken].includes(node.operatorToken.kind));
