import ts from 'typescript';
import { isProduct, nodesOf, violation, type TreeFile } from '../source-tree.js';

/** Where facts may be made: the rooms. Apps order the rooms, read models only read. */
const MAY_EMIT = /^(libs\/(routing|providers|ledger|tenancy|traffic|audit)|apps\/[^/]+)\/src\//;
const REGISTRY = /^libs\/read-models\/src\/[^/]+\.registry\.ts$/;
const PROJECTION = /^libs\/read-models\/src\/.*\.projection\.ts$/;

/** Holds a trace of everything, and so does not count as a view of anything. */
const AUDIT = 'audit-log';

/** Events that nothing folds but the audit log, each with the reason. */
export type AuditOnly = Readonly<Record<string, string>>;

/** Files that make facts of this type: `{ type: X.type, … }` or a call that is handed the definition X. */
export function emittersOf(type: string, tree: readonly TreeFile[]): string[] {
  const files = tree.filter((file) => isProduct(file) && MAY_EMIT.test(file.path));
  return files.filter((file) => nodesOf(file).some((node) => makesFact(node, type))).map(({ path }) => path);
}

function makesFact(node: ts.Node, type: string): boolean {
  if (ts.isCallExpression(node))
    return node.arguments.some((argument) => ts.isIdentifier(argument) && argument.text === type);
  if (!ts.isPropertyAssignment(node) || node.name.getText() !== 'type') return false;
  const value = node.initializer;
  return ts.isStringLiteral(value) ? value.text === type : value.getText() === `${type}.type`;
}

export function findEmitterViolations(types: readonly string[], tree: readonly TreeFile[]): string[] {
  return types.flatMap((type) => {
    const files = emittersOf(type, tree);
    if (files.length !== 1)
      return [`${type} is made by ${files.length} files (${files.join(', ')}): exactly one may make it.`];
    return files
      .filter((path) => path.startsWith('apps/'))
      .map((path) => `${type} is made in ${path}: a room decides, an app only asks.`);
  });
}

/** A projection as its `defineProjection({ … })` declares it. */
export interface DeclaredProjection {
  /** Name of the exported constant. */
  readonly constant: string;
  readonly file: string;
  readonly name: string;
  readonly tables: readonly string[];
  readonly events: readonly string[];
}

export function projectionsOf(tree: readonly TreeFile[]): DeclaredProjection[] {
  return tree
    .filter(({ path }) => PROJECTION.test(path))
    .flatMap((file) =>
      nodesOf(file)
        .filter(isProjectionCall)
        .map((call) => readProjection(file, call)),
    );
}

const isProjectionCall = (node: ts.Node): node is ts.CallExpression =>
  ts.isCallExpression(node) && node.expression.getText() === 'defineProjection';

function readProjection(file: TreeFile, call: ts.CallExpression): DeclaredProjection {
  const [declaration] = call.arguments;
  if (!declaration || !ts.isObjectLiteralExpression(declaration)) {
    throw new Error(violation(file, call, 'declares its projection elsewhere: write the object in place.'));
  }
  const properties = declaration.properties.filter(ts.isPropertyAssignment);
  const value = (name: string): ts.Expression | undefined =>
    withoutType(properties.find((property) => property.name.getText() === name)?.initializer);
  const [tables, on, name] = [value('tables'), value('on'), value('name')];
  if (!tables || !ts.isArrayLiteralExpression(tables) || !on || !ts.isObjectLiteralExpression(on) || !name) {
    throw new Error(
      violation(file, call, 'must list name, tables and on in place: the rules and the catalogue read them.'),
    );
  }
  return {
    constant: ts.isVariableDeclaration(call.parent) ? call.parent.name.getText() : '',
    file: file.path,
    name: ts.isStringLiteral(name) ? name.text : name.getText(),
    tables: tables.elements.map((table) => table.getText()),
    events: on.properties.map((property) => property.name?.getText() ?? ''),
  };
}

const withoutType = (value: ts.Expression | undefined): ts.Expression | undefined =>
  value && ts.isSatisfiesExpression(value) ? value.expression : value;

export function findUnprojectedEvents(
  types: readonly string[],
  tree: readonly TreeFile[],
  auditOnly: AuditOnly,
): string[] {
  const projections = projectionsOf(tree);
  const audited = new Set(projections.filter(({ name }) => name === AUDIT).flatMap(({ events }) => events));
  const viewed = new Set(projections.filter(({ name }) => name !== AUDIT).flatMap(({ events }) => events));
  const stale = Object.keys(auditOnly).filter((type) => viewed.has(type) || !types.includes(type));
  return [
    ...types
      .filter((type) => !audited.has(type))
      .map((type) => `${type} is not in the audit log: add it to its projection.`),
    ...types
      .filter((type) => !viewed.has(type) && !(type in auditOnly))
      .map((type) => `${type} is folded into no view: add a projection, or declare it audit-only with the reason.`),
    ...stale.map((type) => `${type} is declared audit-only but is viewed or unknown: take it off the list.`),
  ];
}

/** Zitadel's #10453: two projections that write one table corrupt each other. */
export function findSharedTables(tree: readonly TreeFile[]): string[] {
  const writers = new Map<string, string[]>();
  for (const { file, tables } of projectionsOf(tree)) {
    for (const table of tables) writers.set(table, [...(writers.get(table) ?? []), file]);
  }
  return [...writers]
    .filter(([, files]) => files.length > 1)
    .map(([table, files]) => `${table} is written by ${files.join(' and ')}: one table has one projection.`);
}

export function findUnregisteredProjections(tree: readonly TreeFile[]): string[] {
  const registries = tree.filter(({ path }) => REGISTRY.test(path));
  const listed = new Set(registries.flatMap((file) => nodesOf(file).filter(ts.isIdentifier)).map(({ text }) => text));
  return projectionsOf(tree)
    .filter(({ constant }) => !listed.has(constant))
    .map(({ file, constant }) => `${file} ${constant || 'unnamed'} does not run: list it in the registry.`);
}
