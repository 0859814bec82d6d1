import { randomUUID } from 'node:crypto';
import type { LimitDemand, Limits } from './rate-limit.js';
import type { RateLimiter } from './rate-limiter.port.js';

const NOON_MS = Date.UTC(2026, 10, 21, 12);
const MINUTE_MS = 60_000;

/** What every adapter of RateLimiter does; `limiter` gives one that nobody else has used for these accounts. */
export function rateLimiterSuite(name: string, limiter: () => RateLimiter): void {
  const accountWith = (limits: Partial<Limits>): LimitDemand['accounts'][number] => ({
    name: `key:${randomUUID()}:rule`,
    rule: 'rule',
    limits: { requests: null, tokens: null, concurrent: null, ...limits },
  });
  const demand = (account: LimitDemand['accounts'][number], more: Partial<LimitDemand> = {}): LimitDemand => ({
    requestId: randomUUID(),
    accounts: [account],
    tokens: 10,
    epochMs: NOON_MS,
    ...more,
  });
  const passes = async (asked: LimitDemand): Promise<boolean> => (await limiter().take(asked)).refusal === null;

  describe(name, () => {
    it('passes as many requests a minute as the limit says, and begins anew with the next minute', async () => {
      const account = accountWith({ requests: 3 });
      const passed = [];
      for (let turn = 0; turn < 5; turn += 1) passed.push(await passes(demand(account)));
      expect(passed).toEqual([true, true, true, false, false]);
      expect(await passes(demand(account, { epochMs: NOON_MS + MINUTE_MS }))).toBe(true);
    });

    it('passes exactly the limit of a hundred that come at once', async () => {
      const account = accountWith({ requests: 40 });
      const passed = await Promise.all(Array.from({ length: 100 }, () => passes(demand(account))));
      expect(passed.filter(Boolean)).toHaveLength(40);
    });

    it('tells what is left', async () => {
      const account = accountWith({ requests: 3, tokens: 100 });
      const { readings } = await limiter().take(demand(account, { tokens: 30 }));
      expect(readings).toEqual([
        { kind: 'requests', rule: 'rule', limit: 3, remaining: 2 },
        { kind: 'tokens', rule: 'rule', limit: 100, remaining: 70 },
      ]);
    });

    it('takes the most that a request can use, and gives back what it did not', async () => {
      const account = accountWith({ tokens: 100 });
      const first = demand(account, { tokens: 90 });
      expect(await passes(first)).toBe(true);
      expect(await passes(demand(account, { tokens: 20 }))).toBe(false);
      limiter().settle(first, 15);
      expect(await passes(demand(account, { tokens: 85 }))).toBe(true);
      expect(await passes(demand(account, { tokens: 1 }))).toBe(false);
    });

    it('leaves taken what nobody knows the use of, and adds what was used beyond it', async () => {
      const account = accountWith({ tokens: 100 });
      const [unknown, more] = [demand(account, { tokens: 50 }), demand(account, { tokens: 10 })];
      await passes(unknown);
      await passes(more);
      limiter().settle(unknown, null);
      limiter().settle(more, 45);
      expect(await passes(demand(account, { tokens: 6 }))).toBe(false);
      expect(await passes(demand(account, { tokens: 5 }))).toBe(true);
    });

    it('takes nothing of what it refuses, so that a smaller request still passes', async () => {
      const account = accountWith({ requests: 2, tokens: 100 });
      expect(await passes(demand(account, { tokens: 60 }))).toBe(true);
      for (let turn = 0; turn < 3; turn += 1) expect(await passes(demand(account, { tokens: 50 }))).toBe(false);
      expect(await passes(demand(account, { tokens: 40 }))).toBe(true);
    });

    it('passes a request that may use more than a whole minute has, alone', async () => {
      const account = accountWith({ tokens: 100 });
      const large = demand(account, { tokens: 5_000 });
      expect(await passes(large)).toBe(true);
      expect(await passes(demand(account))).toBe(false);
      limiter().settle(large, 20);
      expect(await passes(demand(account, { tokens: 80 }))).toBe(true);
    });

    it('gives nothing of a minute to the next one', async () => {
      const account = accountWith({ tokens: 100 });
      const early = demand(account, { tokens: 100 });
      await passes(early);
      expect(await passes(demand(account, { tokens: 100, epochMs: NOON_MS + MINUTE_MS }))).toBe(true);
      limiter().settle(early, 0);
      expect(await passes(demand(account, { tokens: 1, epochMs: NOON_MS + MINUTE_MS }))).toBe(false);
    });

    it('has as many places as the limit says, free again when a request is over', async () => {
      const account = accountWith({ concurrent: 2 });
      const [first, second] = [demand(account), demand(account)];
      expect([await passes(first), await passes(second), await passes(demand(account))]).toEqual([true, true, false]);
      limiter().settle(first, 1);
      expect([await passes(demand(account)), await passes(demand(account))]).toEqual([true, false]);
    });

    it('counts a request under every rule, and under none if one refuses', async () => {
      const [wide, narrow] = [accountWith({ requests: 3 }), accountWith({ requests: 1 })];
      const accounts = [wide, narrow];
      expect(await passes(demand(wide, { accounts }))).toBe(true);
      expect(await passes(demand(wide, { accounts }))).toBe(false);
      expect([await passes(demand(wide)), await passes(demand(wide))]).toEqual([true, true]);
      expect(await passes(demand(wide))).toBe(false);
    });
  });
}
