import fc from 'fast-check';
import { cellKey, INPUT_BANDS, inputBandOf, parseCellKey } from './cell-key.js';

const cell = {
  tenantId: 'acme',
  group: '@openai/gpt-4o',
  className: 'general',
  stream: true,
  inputBand: 'xs',
  tools: false,
} as const;

describe('cell keys', () => {
  it('read as a path in which names cannot break out of their place', () => {
    expect(cellKey(cell)).toBe('acme/%40openai%2Fgpt-4o/general/stream/xs/no-tools');
  });

  it('give the cell back, and differ when cells differ', () => {
    const name = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' });
    const cells = fc.record({
      tenantId: name,
      group: name,
      className: name,
      stream: fc.boolean(),
      inputBand: fc.constantFrom(...INPUT_BANDS.map((band) => band.name)),
      tools: fc.boolean(),
    });
    fc.assert(fc.property(cells, (one) => expect(parseCellKey(cellKey(one))).toEqual(one)));
  });

  it.each([
    'acme/gpt-4o/general/stream/xs',
    'acme/gpt-4o/general/stream/xs/no-tools/more',
    'acme/gpt-4o/general/stream/huge/no-tools',
    'acme/gpt-4o/general/half/xs/no-tools',
    'acme/gpt-4o/general/stream/xs/',
    'acme/%E0%A4%A/general/stream/xs/no-tools',
    '',
  ])('refuse the foreign text %j', (text) => {
    expect(parseCellKey(text)).toBeNull();
  });
});

describe('input bands', () => {
  it('hold their upper bound and meet without a gap', () => {
    expect([0, 1_000, 1_001, 4_000, 16_000, 64_000, 64_001, 1e9].map(inputBandOf)).toEqual([
      'xs',
      'xs',
      's',
      's',
      'm',
      'l',
      'xl',
      'xl',
    ]);
  });

  it('have a typical size inside', () => {
    for (const { name, tokensTypical } of INPUT_BANDS) expect(inputBandOf(tokensTypical)).toBe(name);
  });
});
