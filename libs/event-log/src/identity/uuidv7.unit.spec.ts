import fc from 'fast-check';
import { UuidV7Source, uuidv7 } from './uuidv7.js';

const timeOf = (id: string): number => Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16);

describe('uuidv7', () => {
  it('makes the example of RFC 9562, appendix A.6', () => {
    const random = Buffer.from('0cc318c4dc0c0c07398f', 'hex');
    expect(uuidv7(0x017f22e279b0, random)).toBe('017f22e2-79b0-7cc3-98c4-dc0c0c07398f');
  });

  it('holds the time, the version and the variant, whatever the random bytes are', () => {
    const anyTime = fc.integer({ min: 0, max: 2 ** 48 - 1 });
    fc.assert(
      fc.property(anyTime, fc.uint8Array({ minLength: 10, maxLength: 10 }), (timeMs, random) => {
        const id = uuidv7(timeMs, random);
        expect(timeOf(id)).toBe(timeMs);
        expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      }),
    );
  });

  it('leaves the random bytes as they were', () => {
    const random = new Uint8Array(10).fill(0xff);
    uuidv7(1, random);
    expect([...random]).toEqual(Array(10).fill(0xff));
  });
});

describe('a source of ids', () => {
  it('takes the time from its clock', () => {
    let now = 1_763_700_000_000;
    const source = new UuidV7Source({ epochMs: () => now, monotonicMs: () => 0 });
    expect(timeOf(source.next())).toBe(now);
    now += 5;
    expect(timeOf(source.next())).toBe(now);
  });

  it('repeats nothing, also after it has drawn new randomness', () => {
    const source = new UuidV7Source({ epochMs: () => 1, monotonicMs: () => 0 });
    const ids = new Set(Array.from({ length: 5_000 }, () => source.next()));
    expect(ids.size).toBe(5_000);
  });
});
