import type { EventDefinition } from '#contracts';
import { commentsOn } from '../rules/event-comments.js';
import type { TreeFile } from '../source-tree.js';

export const DRAFT_07 = 'http://json-schema.org/draft-07/schema#';

/** Name of an event's schema in docs/schemas/. */
export const schemaFileOf = ({ type, version }: EventDefinition): string => `${type}.v${version}.json`;

/** `docs/schemas/<type>.v<version>.json`: the payload's schema, with the comments of its fields. */
export function renderEventSchema(definition: EventDefinition, tree: readonly TreeFile[]): string {
  const comments = commentsOn(definition.type, tree);
  const { title, properties, ...rest } = JSON.parse(JSON.stringify(definition.schema)) as {
    readonly title: string;
    readonly properties: Readonly<Record<string, object>>;
  };
  const described = Object.entries(properties).map(([name, schema]) => {
    const description = comments.ofField(name);
    return [name, description === '' ? schema : { description, ...schema }];
  });
  const schema = {
    $schema: DRAFT_07,
    title,
    description: comments.ofEvent,
    ...rest,
    properties: Object.fromEntries(described) as object,
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}
