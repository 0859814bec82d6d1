import ts from 'typescript';
import { nodesOf, type TreeFile } from '../source-tree.js';

/** What the comments beside an event's definition say: documents tell consumers the same. */
export interface EventComments {
  readonly ofEvent: string;
  readonly ofField: (name: string) => string;
}

export function commentsOn(type: string, tree: readonly TreeFile[]): EventComments {
  const call = findDefinition(type, tree);
  return { ofEvent: commentBefore(call?.parent.parent.parent), ofField: (name) => commentOf(call, name) };
}

function findDefinition(type: string, tree: readonly TreeFile[]): ts.CallExpression | undefined {
  return tree
    .filter(({ path }) => /^libs\/contracts\/src\/.*\.event\.ts$/.test(path))
    .flatMap((file) => nodesOf(file).filter(ts.isCallExpression))
    .find(
      ({ expression, arguments: [name] }) => expression.getText() === 'defineEvent' && name?.getText() === `'${type}'`,
    );
}

function commentOf(call: ts.CallExpression | undefined, field: string): string {
  const properties = call?.arguments[2];
  if (!properties || !ts.isObjectLiteralExpression(properties)) return '';
  return commentBefore(properties.properties.find(({ name }) => name?.getText() === field));
}

function commentBefore(node: ts.Node | undefined): string {
  const [comment] = node ? ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc) : [];
  return (ts.getTextOfJSDocComment(comment?.comment) ?? '').replaceAll(/\s+/g, ' ');
}
