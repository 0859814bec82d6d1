import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { EVENT_CATALOGUE, type EventDefinition, type Fact } from '#contracts';
import { BrokenEventError, UnknownEventError } from '../event-log.errors.js';
import type { LogEvent, LogRecord } from '../event-log.port.js';
import { partitionOf } from '../identity/partition-of.js';
import { closedSchema } from './closed-schema.js';
import { compileCheck, type Check } from './compile-check.js';
import { Upcasters, type Upcaster } from './upcasters.js';

const SPEC_VERSION = '1.0';
const CONTENT_TYPE = 'application/json';

/** A schema that payloads are held against. */
interface Checked {
  readonly isValid: Check;
  /** As `isValid`, several times slower, and tells where and why not. */
  readonly explain: ValidateFunction;
}

interface KnownEvent {
  readonly definition: EventDefinition;
  /** Refuses what it does not name, at any depth. */
  readonly written: Checked;
  /** Ignores what it does not name: a later release may have added it. */
  readonly read: Checked;
}

interface Named {
  readonly id: string;
  readonly type: string;
}

/**
 * Facts to records and back: CloudEvents 1.0 in the Kafka protocol binding's binary mode, where attributes are headers
 * and the value is the bare JSON payload (https://github.com/cloudevents/spec, kafka-protocol-binding.md). Every
 * payload is checked against its schema when it is written and again when it is read: strictly the one time, open to
 * additions the other.
 */
export class FactCodec {
  readonly #known: ReadonlyMap<string, KnownEvent>;
  readonly #upcasters: Upcasters;

  constructor(definitions: readonly EventDefinition[], upcasters: readonly Upcaster[]) {
    // Patterns are ASCII, and lengths are bounds, not counts: with Unicode semantics checks take two to three times as
    // long.
    const ajv = new Ajv({ strict: true, unicodeRegExp: false, unicode: false, logger: false });
    this.#known = new Map(
      definitions.map((definition) => {
        const checkedBy = (schema: object): Checked => ({
          isValid: compileCheck(schema),
          explain: ajv.compile(schema),
        });
        const { type, schema } = definition;
        return [type, { definition, written: checkedBy(closedSchema(schema)), read: checkedBy(schema) }];
      }),
    );
    this.#upcasters = new Upcasters(upcasters);
    this.#upcasters.assertComplete(definitions);
  }

  /** @throws UnknownEventError @throws BrokenEventError */
  encode(fact: Fact): LogRecord {
    const known = this.#find(fact);
    if (fact.version !== known.definition.version) throw new UnknownEventError(fact);
    assertValid(known.written, fact.data, fact);
    return {
      partition: partitionOf(fact.tenant),
      eventId: fact.id,
      type: fact.type,
      version: fact.version,
      tenant: fact.tenant,
      headers: toHeaders(fact),
      value: fact.json ?? JSON.stringify(fact.data),
    };
  }

  /** The fact in the version that this program works with. @throws UnknownEventError @throws BrokenEventError */
  decode(event: LogEvent): Fact {
    const written = { id: event.eventId, type: event.type, version: event.version };
    const known = this.#find(written);
    const { definition } = known;
    if (event.version > definition.version) throw new UnknownEventError(written);
    const envelope = readEnvelope(event);
    const data = this.#lift(definition, event);
    assertValid(known.read, data, written);
    return { ...written, version: definition.version, ...envelope, data };
  }

  #lift(definition: EventDefinition, event: LogEvent): Record<string, unknown> {
    const written = parseObject(event);
    try {
      return this.#upcasters.lift(definition, event.version, written);
    } catch {
      throw new BrokenEventError({ id: event.eventId, type: event.type }, '', `not a v${event.version} payload`);
    }
  }

  #find(event: { readonly id: string; readonly type: string; readonly version: number }): KnownEvent {
    const known = this.#known.get(event.type);
    if (known === undefined) throw new UnknownEventError(event);
    return known;
  }
}

/** From old versions of the catalogue's events; none has had a second version yet. */
const UPCASTERS: readonly Upcaster[] = [];
const codec = new FactCodec(Object.values(EVENT_CATALOGUE), UPCASTERS);

/** A fact of the catalogue as the record to append. @throws UnknownEventError @throws BrokenEventError */
export const encodeFact = (fact: Fact): LogRecord => codec.encode(fact);

/**
 * The fact that a record of the log states, in its current version. @throws UnknownEventError @throws BrokenEventError
 */
export const decodeFact = (event: LogEvent): Fact => codec.decode(event);

function toHeaders(fact: Fact): Record<string, string> {
  const headers: Record<string, string> = {
    ce_id: fact.id,
    ce_source: fact.source,
    ce_type: fact.type,
    ce_time: fact.time,
    ce_specversion: SPEC_VERSION,
    ce_tenant: fact.tenant,
    ce_schemaver: String(fact.version),
    'content-type': CONTENT_TYPE,
  };
  if (fact.traceparent !== undefined) headers['ce_traceparent'] = fact.traceparent;
  return headers;
}

function readEnvelope(event: LogEvent): Pick<Fact, 'tenant' | 'source' | 'time' | 'traceparent'> {
  const { headers } = event;
  requireHeader(event, 'ce_specversion', SPEC_VERSION);
  requireHeader(event, 'ce_id', event.eventId);
  requireHeader(event, 'ce_type', event.type);
  requireHeader(event, 'ce_tenant', event.tenant);
  const source = requireHeader(event, 'ce_source');
  const time = requireHeader(event, 'ce_time');
  const traceparent = headers['ce_traceparent'];
  return { tenant: event.tenant, source, time, ...(traceparent !== undefined && { traceparent }) };
}

function requireHeader(event: LogEvent, name: string, expected?: string): string {
  const value = event.headers[name];
  if (value !== undefined && (expected === undefined || value === expected)) return value;
  const rule = value === undefined ? 'missing' : 'unexpected value';
  throw new BrokenEventError({ id: event.eventId, type: event.type }, name, rule);
}

function parseObject(event: LogEvent): Record<string, unknown> {
  const parsed = parseJson(event.value);
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) {
    return parsed as Record<string, unknown>;
  }
  throw new BrokenEventError({ id: event.eventId, type: event.type }, '', 'not a JSON object');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the parser's message quotes the payload
  }
}

/** @throws BrokenEventError */
function assertValid({ isValid, explain }: Checked, data: unknown, event: Named): void {
  if (!isValid(data) && !explain(data)) throw brokenBy(explain.errors, event);
}

/** Where and which rule, never the value: neither ajv's message nor its data goes on. */
function brokenBy(errors: ValidateFunction['errors'], event: Named): Error {
  const error: ErrorObject | undefined = errors?.[0];
  const missing = error?.keyword === 'required' ? `/${String(error.params['missingProperty'])}` : '';
  return new BrokenEventError(event, `${error?.instancePath ?? ''}${missing}`, error?.keyword ?? 'schema');
}
