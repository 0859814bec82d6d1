import type { Clock } from '#contracts';
import { answerCacheSuite } from './answer-cache.suite.js';
import { MemoryAnswerCache } from './memory.answer-cache.js';

let nowMs = 0;
const clock: Clock = { epochMs: () => nowMs, monotonicMs: () => nowMs };
let cache = new MemoryAnswerCache(clock, 1_000);
beforeEach(() => (cache = new MemoryAnswerCache(clock, 1_000)));

answerCacheSuite('answers of one process', () => cache);

describe('the cache of one process', () => {
  it('forgets an answer when its time is over', () => {
    cache.put('a', Buffer.from('a'));
    nowMs += 999;
    expect(cache.find('a')).not.toBeNull();
    nowMs += 1;
    expect(cache.find('a')).toBeNull();
  });

  it('is bounded: the oldest make room', () => {
    for (let number = 0; number < 65; number += 1) cache.put(`n${number}`, Buffer.alloc(1024 * 1024));
    expect([cache.find('n0'), cache.find('n1')?.byteLength]).toEqual([null, 1024 * 1024]);
  });
});
