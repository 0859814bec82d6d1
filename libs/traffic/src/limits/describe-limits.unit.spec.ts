import { limitHeaders, refusalOf } from './describe-limits.js';
import { LimitBook } from './limit-book.js';
import type { LimitReading } from './rate-limit.js';

const NOON_MS = Date.UTC(2026, 10, 21, 12);
const reading = (kind: LimitReading['kind'], limit: number, remaining: number): LimitReading => ({
  kind,
  rule: 'team',
  limit,
  remaining,
});

describe('headers of rate limits', () => {
  it('tell of the rule that leaves least, and when its minute ends', () => {
    const readings = [reading('requests', 60, 20), reading('requests', 10, 7), reading('tokens', 1000, 900)];
    expect(limitHeaders(readings, NOON_MS + 700)).toEqual({
      'x-ratelimit-limit-requests': '10',
      'x-ratelimit-remaining-requests': '7',
      'x-ratelimit-reset-requests': '59.3s',
      'x-ratelimit-limit-tokens': '1000',
      'x-ratelimit-remaining-tokens': '900',
      'x-ratelimit-reset-tokens': '59.3s',
    });
    expect(limitHeaders(readings, NOON_MS + 59_880)['x-ratelimit-reset-tokens']).toBe('120ms');
  });

  it('say nothing of requests at the same time', () => {
    expect(limitHeaders([reading('concurrent', 5, 2)], NOON_MS)).toEqual({});
  });
});

describe('a refusal', () => {
  it('names the rule and says when to come back', () => {
    const refusal = reading('tokens', 1000, 40);
    const error = refusalOf({ refusal, readings: [] }, NOON_MS + 48_000);
    expect(error).toMatchObject({ code: 'rate_limit_exceeded', status: 429, retryAfterMs: 12_000 });
    expect(error?.message).toMatch(/"team" of 1000 tokens a minute leaves 40/);
    expect(error?.headers['x-ratelimit-remaining-tokens']).toBe('40');
  });

  it('of a place tells to come back soon', () => {
    const refusal = reading('concurrent', 5, 0);
    expect(refusalOf({ refusal, readings: [] }, NOON_MS)?.retryAfterMs).toBe(1_000);
  });
});

describe('the rules of the operator', () => {
  const limits = { requests: 1, tokens: null, concurrent: null };
  const book = new LimitBook([
    { name: 'each', scope: 'key', ids: null, models: null, limits },
    { name: 'one', scope: 'project', ids: new Set(['p1']), models: new Set(['chat']), limits },
  ]);
  const namesFor = (keyId: string, tenantId: string, model: string): string[] =>
    book.accountsOf({ keyId, tenantId, model }).map(({ name }) => name);

  it('count by key or project, for all models or those that are named', () => {
    expect(namesFor('k1', 'p1', 'chat')).toEqual(['key:k1:each', 'project:p1:one']);
    expect(namesFor('k2', 'p1', 'other')).toEqual(['key:k2:each']);
    expect(namesFor('k2', 'p2', 'chat')).toEqual(['key:k2:each']);
  });
});
