import fc from 'fast-check';
import { NO_USAGE, OUTCOMES, type Usage } from '#contracts';
import { encodeFact, eventId } from '#event-log';
import { routedRequest } from './__fixtures__/routed-request.js';
import {
  chargeAfterCrash,
  chargeBudget,
  chargedNanoUsd,
  type ChargedAttempt,
  type ChargedRequest,
} from './charge-budget.js';
import { compilePrice } from './prices/price-overlay.js';
import { worstCase } from './prices/price-usage.js';

const price = compilePrice([{ input: '1', output: '4' }]);
const stamp = { source: '/gateway/slot-0', time: '2026-11-21T12:00:00.000Z', catalogueVersion: 'test-1' };
const request: ChargedRequest = {
  requestId: '0198f000-0000-7000-8000-000000000001',
  orgId: 'org_1',
  tenantId: 'prj_1',
  keyId: 'key_1',
  stream: true,
  inputTokensBound: 100,
  outputTokensBound: 1_000,
};
const hold = {
  id: '0198f000-0000-7000-8000-000000000002',
  amountNanoUsd: 4_100_000n,
  budgets: [{ budgetId: 'b1', period: '2026-11' }],
};
const used = (more: Partial<Usage>): Usage => ({ ...NO_USAGE, ...more });
const attempt = (more: Partial<ChargedAttempt> = {}): ChargedAttempt => ({
  attempt: 1,
  candidate: 'a/m',
  provider: 'openai',
  model: 'm',
  outcome: 'ok',
  usage: used({ uncached: 10, output: 5 }),
  generatedBytes: 20,
  price,
  ...more,
});
const charge = (attempts: readonly ChargedAttempt[], more: Partial<ChargedRequest> = {}) =>
  chargeBudget({ ...request, ...more }, { hold, attempts }, stamp).data;

describe('a charge', () => {
  it('says what an answer cost, at which rates, in which budgets, and closes its hold', () => {
    const fact = chargeBudget(request, { hold, attempts: [attempt()] }, { ...stamp, traceparent: '00-a-b-01' });
    expect(fact).toEqual({
      id: eventId(request.requestId, 'BudgetCharged', 0),
      type: 'BudgetCharged',
      version: 1,
      tenant: 'prj_1',
      source: '/gateway/slot-0',
      time: '2026-11-21T12:00:00.000Z',
      traceparent: '00-a-b-01',
      data: {
        request_id: request.requestId,
        org_id: 'org_1',
        tenant_id: 'prj_1',
        key_id: 'key_1',
        hold_id: hold.id,
        state: 'settled',
        reason: 'answered',
        amount_nano_usd: '30000',
        held_nano_usd: '4100000',
        catalogue_version: 'test-1',
        lines: [
          {
            attempt: 1,
            candidate: 'a/m',
            provider: 'openai',
            model: 'm',
            usage: used({ uncached: 10, output: 5 }),
            rates: {
              uncached: '1000000',
              cache_read: '1000000',
              cache_write: '1000000',
              output: '4000000',
              reasoning: '4000000',
              audio_in: '1000000',
              audio_out: '4000000',
              request_nano_usd: '0',
            },
            amount_nano_usd: '30000',
            estimated: false,
          },
        ],
        budgets: [{ budget_id: 'b1', period: '2026-11' }],
      },
    });
  });

  it('is what the schema of the log allows, for every outcome', () => {
    const attempts = fc.array(
      fc.record({
        outcome: fc.constantFrom(...OUTCOMES),
        usage: fc.option(fc.record({ uncached: fc.nat(5_000), output: fc.nat(5_000) }).map(used)),
        generatedBytes: fc.oneof(fc.constant(0), fc.nat(10_000)),
        price: fc.constantFrom(price, null),
      }),
      { maxLength: 3 },
    );
    fc.assert(
      fc.property(attempts, fc.boolean(), (made, stream) => {
        const list = made.map((each, index) => attempt({ ...each, attempt: index + 1 }));
        const fact = chargeBudget({ ...request, stream }, { hold, attempts: list }, stamp);
        expect(() => encodeFact(fact)).not.toThrow();
        const { lines, amount_nano_usd: amount } = fact.data;
        const sum = lines.reduce((total, line) => total + BigInt(line.amount_nano_usd ?? 0), 0n);
        if (lines.some(({ rates }) => rates !== null)) expect(amount).toBe(sum.toString());
      }),
    );
  });

  it('keeps a zero that the provider reported', () => {
    const free = charge([attempt({ usage: NO_USAGE })]);
    expect([free.state, free.amount_nano_usd, free.lines.length]).toEqual(['settled', '0', 1]);
  });

  it('rounds up once for the request, and its lines add up to it', () => {
    const cheap = compilePrice([{ input: '0.0001', output: '1' }]);
    const made = [1, 2, 3].map((number) =>
      attempt({ attempt: number, outcome: 'ok', usage: used({ uncached: 3 }), price: cheap }),
    );
    const { amount_nano_usd: amount, lines } = charge(made);
    expect(amount).toBe('1');
    expect(lines.map(({ amount_nano_usd: part }) => part)).toEqual(['1', '0', '0']);
  });

  it('is voided when no attempt is billed', () => {
    const failed = attempt({ outcome: 'server_error', usage: null, generatedBytes: 0 });
    for (const attempts of [
      [],
      [failed],
      [failed, { ...failed, attempt: 2, outcome: 'timeout_first_token' as const }],
    ]) {
      expect(charge(attempts)).toMatchObject({ state: 'voided', reason: 'no_answer', amount_nano_usd: '0', lines: [] });
    }
  });

  it('bills only the attempt that answered', () => {
    const failed = attempt({ outcome: 'rate_limited', usage: null, generatedBytes: 0 });
    const charged = charge([failed, attempt({ attempt: 2 })]);
    expect(charged).toMatchObject({ state: 'settled', reason: 'answered', amount_nano_usd: '30000' });
    expect(charged.lines.map(({ attempt: number }) => number)).toEqual([2]);
  });

  it('bills a failed attempt for which the provider reported usage', () => {
    const failed = attempt({ outcome: 'bad_response', usage: used({ uncached: 10 }), generatedBytes: 0 });
    const charged = charge([failed, attempt({ attempt: 2 })]);
    expect(charged.lines.map(({ amount_nano_usd: amount }) => amount)).toEqual(['10000', '30000']);
    expect(charged.state).toBe('settled');
  });
});

describe('an estimate', () => {
  it('takes the input bound and a token per four bytes for a stream that was cut without usage', () => {
    const cut = charge([attempt({ outcome: 'stream_cut', usage: null, generatedBytes: 41 })]);
    expect(cut).toMatchObject({ state: 'estimated', reason: 'stream_cut', amount_nano_usd: '144000' });
    expect(cut.lines).toMatchObject([{ usage: used({ uncached: 100, output: 11 }), estimated: true }]);
  });

  it('never falls below what was delivered, if a broken stream reported less', () => {
    const usage = used({ uncached: 10, output: 1, reasoning: 2 });
    const cut = charge([attempt({ outcome: 'stream_cut', usage, generatedBytes: 40 })]);
    expect(cut.lines).toMatchObject([{ usage: { uncached: 10, output: 8, reasoning: 2 }, estimated: true }]);
    const ahead = charge([attempt({ outcome: 'stream_error', usage: used({ output: 50 }), generatedBytes: 40 })]);
    expect(ahead.lines).toMatchObject([{ usage: { output: 50 }, estimated: true }]);
  });

  it('bills the input of a stream that the client left before it began', () => {
    const gone = charge([attempt({ outcome: 'client_gone', usage: null, generatedBytes: 0 })]);
    expect(gone).toMatchObject({ state: 'estimated', reason: 'client_gone', amount_nano_usd: '100000' });
  });

  it('bills the input of an answer that came without usage and without text', () => {
    expect(charge([attempt({ usage: null, generatedBytes: 0 })])).toMatchObject({
      state: 'estimated',
      reason: 'answered',
      amount_nano_usd: '100000',
    });
  });

  it('is the whole hold for a whole answer that was given up', () => {
    for (const outcome of ['client_gone', 'cancelled'] as const) {
      const failed = attempt({ outcome: 'overloaded', usage: null, generatedBytes: 0 });
      const given = attempt({ attempt: 2, outcome, usage: null, generatedBytes: 0 });
      const charged = charge([failed, given], { stream: false });
      expect(charged).toMatchObject({ state: 'estimated', reason: outcome, amount_nano_usd: '4100000', lines: [] });
    }
  });

  it('is exact for a whole answer that was drained after its client had gone', () => {
    expect(charge([attempt()], { stream: false })).toMatchObject({ state: 'settled', amount_nano_usd: '30000' });
  });

  it('lies between what was delivered and what was held', () => {
    fc.assert(
      fc.property(fc.nat(20_000), (generatedBytes) => {
        const held = worstCase(price, request);
        const amount = chargedNanoUsd(charge([attempt({ outcome: 'client_gone', usage: null, generatedBytes })]));
        expect(amount).toBeLessThanOrEqual(held);
        expect(amount).toBeGreaterThanOrEqual(BigInt(Math.min(1_000, Math.floor(generatedBytes / 4))) * 4_000n);
      }),
    );
  });
});

describe('an unknown price', () => {
  it('makes the amount unknown, and not zero', () => {
    const charged = charge([attempt({ price: null })]);
    expect(charged).toMatchObject({ state: 'settled', amount_nano_usd: null });
    expect(charged.lines).toMatchObject([{ rates: null, amount_nano_usd: null }]);
    expect(chargedNanoUsd(charged)).toBe(0n);
  });

  it('leaves the known part of a request known', () => {
    const failed = attempt({ outcome: 'bad_response', usage: used({ uncached: 10 }), generatedBytes: 0, price: null });
    const charged = charge([failed, attempt({ attempt: 2 })]);
    expect(charged.amount_nano_usd).toBe('30000');
    expect(charged.lines.map(({ amount_nano_usd: amount }) => amount)).toEqual([null, '30000']);
  });
});

describe('a request that a crash left open', () => {
  const budgets = [{ budget_id: 'b1', period: '2026-11' }];
  const routed = routedRequest({ hold: { id: hold.id, amount_nano_usd: '4100000', budgets } });

  it('is charged at its hold, under the id that its charge would have had', () => {
    const fact = chargeAfterCrash(routed, stamp);
    expect(() => encodeFact(fact)).not.toThrow();
    expect(fact.id).toBe(eventId(routed.request_id, 'BudgetCharged', 0));
    expect(fact.data).toMatchObject({
      state: 'estimated',
      reason: 'crash_recovery',
      amount_nano_usd: '4100000',
      held_nano_usd: '4100000',
      hold_id: hold.id,
      lines: [],
      budgets,
    });
  });

  it('has an unknown amount if no candidate had a price', () => {
    const candidates = routed.candidates.map((each) => ({ ...each, expected_cost_nano_usd: null }));
    expect(chargeAfterCrash({ ...routed, candidates }, stamp).data.amount_nano_usd).toBeNull();
  });
});
