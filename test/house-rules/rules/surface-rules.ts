import ts from 'typescript';
import { isProduct, nodesOf, violation, type TreeFile } from '../source-tree.js';

const ROUTES = new Set(['Get', 'Post', 'Put', 'Patch', 'Delete', 'Head', 'Options', 'All', 'Sse']);
const PERMISSIONS = new Set(['RequirePermission', 'PublicRoute']);

/** A route without a permission lets nobody in at run time; here it does not get that far. */
export function findUnguardedRoutes(tree: readonly TreeFile[]): string[] {
  return tree.filter(isProduct).flatMap((file) =>
    routesOf(file)
      .filter((route) => !decoratorsOf(route).some((name) => PERMISSIONS.has(name)))
      .map((route) =>
        violation(
          file,
          route,
          `${route.name.getText()} names no permission: add @RequirePermission(…) or @PublicRoute(…).`,
        ),
      ),
  );
}

export const routesOf = (file: TreeFile): ts.MethodDeclaration[] =>
  nodesOf(file)
    .filter(ts.isMethodDeclaration)
    .filter((method) => decoratorsOf(method).some((name) => ROUTES.has(name)));

const decoratorsOf = (node: ts.MethodDeclaration): string[] =>
  (ts.getDecorators(node) ?? []).map(({ expression }) =>
    ts.isCallExpression(expression) ? expression.expression.getText() : expression.getText(),
  );

/** The environment is read once, checked whole, and handed on. */
export function findEnvironmentReads(tree: readonly TreeFile[]): string[] {
  return tree
    .filter((file) => isProduct(file) && !file.path.endsWith('.config.ts'))
    .flatMap((file) =>
      nodesOf(file)
        .filter((node) => ts.isPropertyAccessExpression(node) && node.getText() === 'process.env')
        .map((node) => violation(file, node, 'reads process.env: take the value from a *.config.ts.')),
    );
}
