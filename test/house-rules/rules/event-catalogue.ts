import ts from 'typescript';
import { nodesOf, type TreeFile } from '../source-tree.js';
import { emittersOf, projectionsOf } from './event-rules.js';

/** The part of JSON Schema that events use. */
interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly pattern?: string;
}

interface Definition {
  readonly version: number;
  readonly schema: object;
}

const HEAD = `# Event catalogue

Generated from \`libs/contracts\` and the imports by \`node scripts/event-catalogue.mjs\`; do not edit. Every event is
made by exactly one file. The envelope (CloudEvents 1.0) adds \`id\`, \`source\`, \`time\`, \`tenant\`, \`traceparent\`.
`;

/** `docs/event-catalogue.md`: what is said, by whom, and where it can be seen. */
export function renderCatalogue(catalogue: Readonly<Record<string, Definition>>, tree: readonly TreeFile[]): string {
  const types = Object.keys(catalogue);
  const projections = projectionsOf(tree);
  const rows = types.map((type) => {
    const readers = projections.filter(({ events }) => events.includes(type)).map(({ name }) => name);
    const emitters = emittersOf(type, tree).map((path) => `\`${path}\``);
    return `| [${type}](#${type.toLowerCase()}) | ${emitters.join(', ')} | ${readers.join(', ')} |`;
  });
  const overview = ['| event | made by | folded into |', '|---|---|---|', ...rows].join('\n');
  return [HEAD, overview, '', ...Object.entries(catalogue).map(([type, event]) => renderEvent(type, event, tree))].join(
    '\n',
  );
}

function renderEvent(type: string, { version, schema }: Definition, tree: readonly TreeFile[]): string {
  const call = findDefinition(type, tree);
  const { properties = {}, required }: Schema = schema;
  const fields = Object.entries(properties).map(([name, field]) => {
    const optional = required?.includes(name) ? '' : ', optional';
    return `| \`${name}\` | ${renderType(field)}${optional} | ${commentOf(call, name)} |`;
  });
  const table = ['| field | type | |', '|---|---|---|', ...fields].join('\n');
  return `## ${type}\n\nVersion ${version}. ${commentBefore(call?.parent.parent.parent)}\n\n${table}\n`;
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
  const text = ts.getTextOfJSDocComment(comment?.comment) ?? '';
  return text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|');
}

function renderType(schema: Schema): string {
  if (schema.anyOf) return schema.anyOf.map(renderType).join(' \\| ');
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.type === 'array') return `list of ${renderType(schema.items ?? {})}`;
  if (schema.type === 'object') {
    const fields = Object.entries(schema.properties ?? {}).map(([name, field]) => `\`${name}\` ${renderType(field)}`);
    return `{ ${fields.join(', ')} }`;
  }
  return schema.type ?? 'any';
}
