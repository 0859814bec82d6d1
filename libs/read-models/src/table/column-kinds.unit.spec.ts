import fc from 'fast-check';
import { decodeColumn, encodeColumn, type ColumnType } from './column-kinds.js';

const there = (type: ColumnType, value: unknown): unknown => decodeColumn(type, encodeColumn(type, [value]));

describe('columns on their way to PostgreSQL', () => {
  it('replaces in text what PostgreSQL refuses and what separates values', () => {
    expect(encodeColumn('text', ['a\0b', 'c\x1ed', '\x1f'])).toBe('a\uFFFDb\x1ec\uFFFDd\x1e\uFFFD');
  });

  it('tells NULL from an empty text', () => {
    expect(encodeColumn('text?', [null, ''])).toBe('\x1f\x1e');
    expect(decodeColumn('text?', null)).toBeNull();
  });

  it('carries every double to the bit', () => {
    fc.assert(fc.property(fc.double({ noNaN: true }), (value) => Object.is(there('double', value), value + 0)));
  });

  it('carries whole numbers of any size', () => {
    fc.assert(fc.property(fc.bigInt(), (value) => there('whole', value) === value));
    expect(there('wholes', [0n, 10n ** 30n])).toEqual([0n, 10n ** 30n]);
  });

  it('carries digests as hex', () => {
    expect(encodeColumn('digest', ['00ff'])).toBe('\\x00ff');
    expect(decodeColumn('digest', '\\x00ff')).toBe('00ff');
  });
});
