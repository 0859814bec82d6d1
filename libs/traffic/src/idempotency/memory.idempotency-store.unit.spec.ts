import type { Clock } from '#contracts';
import { idempotencyStoreSuite } from './idempotency-store.suite.js';
import { MemoryIdempotencyStore } from './memory.idempotency-store.js';

const MIB = 1024 * 1024;
let nowMs = 0;
const clock: Clock = { epochMs: () => nowMs, monotonicMs: () => nowMs };
let store = new MemoryIdempotencyStore(clock, 1_000);
beforeEach(() => (store = new MemoryIdempotencyStore(clock, 1_000)));

idempotencyStoreSuite('idempotency keys of one process', () => store);

describe('what one process remembers', () => {
  const claimOf = (name: string) => ({ name, body: 'body', owner: name });
  const keep = (name: string, bytes: number): void => {
    store.claim(claimOf(name));
    store.keep(claimOf(name), Buffer.alloc(bytes));
  };
  const stateOf = (name: string): string => store.claim(claimOf(name)).state;

  it('is forgotten when its time is over', () => {
    keep('a', 1);
    nowMs += 999;
    expect(stateOf('a')).toBe('finished');
    nowMs += 1;
    expect(stateOf('a')).toBe('claimed');
  });

  it('is bounded: the oldest answers make room', () => {
    for (let number = 0; number < 65; number += 1) keep(`n${number}`, MIB);
    expect([stateOf('n0'), stateOf('n1'), stateOf('n64')]).toEqual(['claimed', 'finished', 'finished']);
  });
});
