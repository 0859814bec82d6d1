import { Type } from 'typebox';
import { defineEvent, type Fact } from '#contracts';
import { BrokenEventError, UnknownEventError } from '../event-log.errors.js';
import type { LogEvent, LogRecord } from '../event-log.port.js';
import { partitionOf } from '../identity/partition-of.js';
import { FactCodec, decodeFact, encodeFact } from './fact-codec.js';

const fact: Fact = {
  id: 'e4c5732d-6977-5fe8-b21a-fdd3bdccf640',
  type: 'BreakerClosed',
  version: 1,
  tenant: 'system',
  source: '/gateway/slot-0',
  time: '2026-11-21T09:30:00.125Z',
  data: { candidate: 'openai/gpt-4o', connection: 'openai', model: 'gpt-4o', open_for_ms: 31250 },
};

const asRead = (record: LogRecord): LogEvent => ({ ...record, offset: 7n });
const withHeaders = (headers: Record<string, string>): LogEvent => {
  const record = encodeFact(fact);
  return asRead({ ...record, headers: { ...record.headers, ...headers } });
};

function thrownBy(act: () => unknown): Error {
  try {
    act();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

describe('a fact as a record', () => {
  it('is a CloudEvent in the binary mode of the Kafka binding', () => {
    expect(encodeFact({ ...fact, traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' })).toEqual({
      partition: partitionOf('system'),
      eventId: fact.id,
      type: 'BreakerClosed',
      version: 1,
      tenant: 'system',
      headers: {
        ce_id: fact.id,
        ce_source: '/gateway/slot-0',
        ce_type: 'BreakerClosed',
        ce_time: '2026-11-21T09:30:00.125Z',
        ce_specversion: '1.0',
        ce_tenant: 'system',
        ce_schemaver: '1',
        'content-type': 'application/json',
        ce_traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      },
      value: JSON.stringify(fact.data),
    });
  });

  it('comes back as the same fact', () => {
    expect(decodeFact(asRead(encodeFact(fact)))).toEqual(fact);
    const traced = { ...fact, traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };
    expect(decodeFact(asRead(encodeFact(traced)))).toEqual(traced);
  });

  it('takes the JSON that its author has at hand', () => {
    const json = JSON.stringify(fact.data);
    expect(encodeFact({ ...fact, json }).value).toBe(json);
  });

  it('is refused when its payload breaks the schema, saying where and not what', () => {
    const broken = { ...fact, data: { ...fact.data, open_for_ms: 'a secret' } };
    const error = thrownBy(() => encodeFact(broken));
    expect(error).toBeInstanceOf(BrokenEventError);
    expect(error).toMatchObject({ eventId: fact.id, pointer: '/open_for_ms' });
    expect(error.message).toBe(`Event ${fact.id} (BreakerClosed) is broken at "/open_for_ms": type.`);
  });

  it('is refused when a field is missing, naming the field', () => {
    const { model: _, ...data } = fact.data;
    expect(thrownBy(() => encodeFact({ ...fact, data }))).toMatchObject({ pointer: '/model' });
  });

  it('is refused when a field is one too many', () => {
    const data = { ...fact.data, prompt: 'a secret' };
    expect(thrownBy(() => encodeFact({ ...fact, data })).message).not.toContain('secret');
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('is refused when a number is %d, which JSON cannot say', (number) => {
    expect(() => encodeFact({ ...fact, data: { ...fact.data, open_for_ms: number } })).toThrow(BrokenEventError);
  });

  it('is refused in a type or version that the catalogue does not have', () => {
    expect(() => encodeFact({ ...fact, type: 'ToString' })).toThrow(UnknownEventError);
    expect(() => encodeFact({ ...fact, type: 'constructor' })).toThrow(UnknownEventError);
    expect(() => encodeFact({ ...fact, version: 2 })).toThrow(UnknownEventError);
  });
});

describe('a record that is read', () => {
  it('is unknown when a newer program wrote it', () => {
    const event = asRead(encodeFact(fact));
    expect(() => decodeFact({ ...event, version: 2 })).toThrow(UnknownEventError);
    expect(() => decodeFact({ ...event, type: 'CarParked' })).toThrow('CarParked v1');
  });

  it.each(['{', 'null', '[]', '"a secret"', '{"candidate":"a secret"}'])('is broken when its value is %s', (value) => {
    const error = thrownBy(() => decodeFact({ ...asRead(encodeFact(fact)), value }));
    expect(error).toBeInstanceOf(BrokenEventError);
    expect(error.message).not.toContain('secret');
    expect(error.cause).toBeUndefined();
  });

  it.each([
    ['ce_specversion', '2.0'],
    ['ce_id', 'another'],
    ['ce_type', 'BreakerOpened'],
    ['ce_tenant', 'another'],
  ])('is broken when the header %s contradicts it', (name, value) => {
    expect(thrownBy(() => decodeFact(withHeaders({ [name]: value })))).toMatchObject({ pointer: name });
  });

  it.each(['ce_specversion', 'ce_id', 'ce_type', 'ce_tenant', 'ce_source', 'ce_time'])(
    'is broken when the header %s is missing',
    (name) => {
      const { [name]: _, ...headers } = encodeFact(fact).headers;
      expect(thrownBy(() => decodeFact({ ...asRead(encodeFact(fact)), headers }))).toMatchObject({ pointer: name });
    },
  );

  it('may carry headers and fields that nobody knows', () => {
    const event = asRead(encodeFact(fact));
    const newer = { ...event, value: event.value.replace('{', '{"added":{"later":1},') };
    expect(decodeFact(newer).data).toEqual({ ...fact.data, added: { later: 1 } });
    expect(decodeFact(withHeaders({ ce_partitionkey: 'x' }))).toEqual(fact);
  });
});

describe('a record of an old version', () => {
  const Parked = defineEvent('CarParked', 2, { place: Type.String() });
  const codec = new FactCodec(
    [Parked],
    [{ type: 'CarParked', from: 1, upcast: ({ spot }) => ({ place: String(spot).toUpperCase() }) }],
  );
  const record = codec.encode({ ...fact, type: 'CarParked', version: 2, data: { place: 'A1' } });
  const old = (value: string): LogEvent => asRead({ ...record, version: 1, value });

  it('is read as the current one', () => {
    expect(codec.decode(old('{"spot":"a1"}'))).toMatchObject({ version: 2, data: { place: 'A1' } });
  });

  it('is broken when the upcaster cannot make sense of it', () => {
    const codecThatThrows = new FactCodec(
      [Parked],
      [{ type: 'CarParked', from: 1, upcast: ({ spot }) => ({ place: (spot as { name: string }).name.trim() }) }],
    );
    expect(() => codecThatThrows.decode(old('{}'))).toThrow(BrokenEventError);
  });

  it('is checked against the current schema after it was lifted', () => {
    const codecThatForgets = new FactCodec([Parked], [{ type: 'CarParked', from: 1, upcast: (data) => data }]);
    expect(() => codecThatForgets.decode(old('{"spot":"a1"}'))).toThrow(BrokenEventError);
  });

  it('needs an upcaster before the program starts at all', () => {
    expect(() => new FactCodec([Parked], [])).toThrow('no upcaster from CarParked v1');
  });
});
