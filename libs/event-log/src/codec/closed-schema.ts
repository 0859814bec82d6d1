/** The parts of a JSON Schema that hold other schemas, of those that the catalogue uses. */
interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

/** The same schema for those who write: no object of it, at any depth, has a field that it does not name. */
export function closedSchema(schema: object): object {
  const { properties, items, anyOf } = schema as Schema;
  return {
    ...schema,
    ...(items !== undefined && { items: closedSchema(items) }),
    ...(anyOf !== undefined && { anyOf: anyOf.map(closedSchema) }),
    ...(properties !== undefined && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, field]) => [name, closedSchema(field)])),
      additionalProperties: false,
    }),
  };
}
