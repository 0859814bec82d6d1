import fc from 'fast-check';
import type { LogEvent } from '../../event-log.port.js';
import { parseEventLine, toEventLine } from './event-line.js';

const event: LogEvent = {
  partition: 17,
  offset: 4711n,
  eventId: '0190b7a0-0000-5000-8000-000000000001',
  type: 'BudgetCharged',
  version: 1,
  tenant: 'acme-prod',
  headers: { ce_id: '0190b7a0-0000-5000-8000-000000000001', 'content-type': 'application/json' },
  value: '{"amount_nano_usd":"2380000", "lines":[]}',
};

describe('a line of the archive', () => {
  it('is JSON that a consumer reads without knowing more', () => {
    expect(JSON.parse(toEventLine(event))).toEqual({
      partition: 17,
      offset: 4711,
      id: event.eventId,
      type: 'BudgetCharged',
      version: 1,
      tenant: 'acme-prod',
      headers: event.headers,
      value: { amount_nano_usd: '2380000', lines: [] },
    });
  });

  it.each([
    ['no JSON', 'not JSON at all'],
    ['nothing', ''],
    ['JSON on several lines', '{\n  "a": 1\n}'],
    ['half a character', '"\ud800"'],
    ['what looks like the mark of a text', '{"a":{"b":1},"text":2}'],
  ])('gives back a value that is %s', (_, value) => {
    const line = toEventLine({ ...event, value });
    expect(line).not.toMatch(/[\r\n]/);
    expect(parseEventLine(line)).toEqual({ ...event, value });
  });

  it('gives back every event as it was', () => {
    const spiky = fc.oneof(fc.string(), fc.constantFrom('},"value":', '},"text":', '},', '"}', '\\"},"value":1'));
    const arbitrary = fc.record({
      partition: fc.nat(63),
      offset: fc.bigInt({ min: 0n, max: 2n ** 53n }),
      eventId: spiky,
      type: spiky,
      version: fc.nat(),
      tenant: spiky,
      headers: fc.dictionary(spiky, spiky),
      value: fc.oneof(spiky, fc.json()),
    });
    fc.assert(
      fc.property(arbitrary, (any) => {
        const line = toEventLine(any);
        expect(line).not.toContain('\n');
        expect(() => JSON.parse(line) as unknown).not.toThrow();
        expect(parseEventLine(line)).toEqual({ ...any, headers: { ...any.headers } });
      }),
    );
  });
});
