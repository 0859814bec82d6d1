import type { TreeFile } from '../source-tree.js';
import { commentsOn } from './event-comments.js';
import { emittersOf, projectionsOf } from './event-rules.js';

/** The part of JSON Schema that events use. */
interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
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

Generated from \`libs/contracts\` and the imports by \`node scripts/generate/event-catalogue.mjs\`; do not edit. Every
event is made by exactly one file. The envelope (CloudEvents 1.0) adds \`id\`, \`source\`, \`time\`, \`tenant\`,
\`traceparent\`.
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
  const comments = commentsOn(type, tree);
  const { properties = {}, required }: Schema = schema;
  const fields = Object.entries(properties).map(([name, field]) => {
    const optional = required?.includes(name) ? '' : ', optional';
    return `| \`${name}\` | ${renderType(field)}${optional} | ${inCell(comments.ofField(name))} |`;
  });
  const table = ['| field | type | |', '|---|---|---|', ...fields].join('\n');
  return `## ${type}\n\nVersion ${version}. ${inCell(comments.ofEvent)}\n\n${table}\n`;
}

const inCell = (text: string): string => text.replaceAll('|', '\\|');

function renderType(schema: Schema): string {
  if (schema.anyOf) return schema.anyOf.map(renderType).join(' \\| ');
  const closed = schema.enum ?? (schema.const === undefined ? [] : [schema.const]);
  if (closed.length > 0) return closed.map((value) => `\`${JSON.stringify(value)}\``).join(' \\| ');
  if (schema.type === 'array') return `list of ${renderType(schema.items ?? {})}`;
  if (schema.type === 'object') {
    const fields = Object.entries(schema.properties ?? {}).map(([name, field]) => `\`${name}\` ${renderType(field)}`);
    return `{ ${fields.join(', ')} }`;
  }
  return schema.type ?? 'any';
}
