import { Type, type Static, type TObject, type TProperties } from 'typebox';

/**
 * A kind of fact: its name, schema version and payload schema. Payload fields are snake_case, as they stand on the
 * wire.
 */
export interface EventDefinition<Name extends string = string, Data extends TObject = TObject> {
  readonly type: Name;
  readonly version: number;
  readonly schema: Data;
}

/** The payload of a defined event. */
export type DataOf<Definition> = Definition extends EventDefinition<string, infer Data> ? Static<Data> : never;

/**
 * Declares one event. Optional fields may be added later; anything else is a new version with an upcaster. So its
 * objects are open: a reader ignores what a later release has added. Nobody writes a field that his own release does
 * not name: the codec closes the schema for that.
 */
export function defineEvent<Name extends string, Properties extends TProperties>(
  type: Name,
  version: number,
  properties: Properties,
): EventDefinition<Name, TObject<Properties>> {
  return { type, version, schema: Type.Object(properties, { title: `${type} v${version}` }) };
}

/**
 * A fact in CloudEvents 1.0 form (https://github.com/cloudevents/spec), as rooms hand it to the event log.
 * `id` is uuidv5 of request, kind and attempt, so that a repeated append has one effect.
 */
export interface Fact<Data = Record<string, unknown>> {
  readonly id: string;
  readonly type: string;
  readonly version: number;
  /** `org/project` rows are scoped by tenant = project; events without a tenant carry `system`. */
  readonly tenant: string;
  /** Producer of the fact, e.g. `/gateway/slot-0`. */
  readonly source: string;
  /** RFC 3339, millisecond precision, UTC. */
  readonly time: string;
  /** W3C traceparent of the request, where there is one. */
  readonly traceparent?: string;
  readonly data: Data;
  /** `JSON.stringify(data)`, where the author has most of it at hand already: it is the dearest part of an append. */
  readonly json?: string;
}

/** Tenant of facts that belong to no project. */
export const SYSTEM_TENANT = 'system';
