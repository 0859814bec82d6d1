import { Registry } from 'prom-client';
import type { Fact, ProviderResponded, RequestRouted } from '#contracts';
import { BrokenEventError, ClosedLogError, MemoryEventLog, decodeFact } from '#event-log';
import { BudgetBook, MemorySliceAuthority, type Budget, type Hold } from '#ledger';
import { SystemClock, createLogger } from '#telemetry';
import {
  respondedFact,
  routedFact,
  type SampleRequest,
} from '../../../../libs/read-models/src/__fixtures__/sample-facts.js';
import { GatewayMetrics } from '../metrics/gateway-metrics.js';
import type { ConnectionBook } from '../routes/connection-book.js';
import { FactLog } from './fact-log.js';
import { Settlement, type Over } from './settlement.js';

const HELD = 53_800_000n;
const BUDGET: Budget = {
  id: 'acme',
  name: 'acme',
  scope: 'project',
  scopeId: 'acme-prod',
  period: 'total',
  limitNanoUsd: 10n ** 12n,
};
const sample: SampleRequest = {
  number: 1,
  tenant: 'acme-prod',
  attempts: [{ candidate: 'openai-prod/gpt-4o', outcome: 'ok', latencyMs: 100, ttftMs: null, tick: 179443210 }],
  state: 'settled',
  amount: 1n,
};

describe('settlement of a request whose facts break their contract', () => {
  const clock = new SystemClock();
  let log: MemoryEventLog;
  let facts: FactLog;
  let budgets: BudgetBook;
  let hold: Hold;
  let settlement: Settlement;

  beforeEach(async () => {
    log = new MemoryEventLog(clock);
    facts = new FactLog(log, clock, createLogger('silent', 'spec'));
    budgets = new BudgetBook(new MemorySliceAuthority(new Map([['acme', BUDGET.limitNanoUsd]])), 'slot-0');
    await budgets.restore([]);
    const { request_id: requestId, hold: held } = routedFact(sample).data;
    const amount = { amountNanoUsd: HELD, leastNanoUsd: HELD };
    hold = await budgets.hold({ holdId: held.id, requestId, budgets: [BUDGET], ...amount, epochMs: 0, monotonicMs: 0 });
    const book = { catalogueVersion: '2026-11-20' } as ConnectionBook;
    settlement = new Settlement(budgets, book, facts, clock, new GatewayMetrics(new Registry()));
  });
  afterEach(async () => {
    facts.close();
    await log.close();
  });

  /** A request that is over; of its attempts settlement reads nothing that matters here. */
  const over = (routed: Fact<RequestRouted>, responded: Fact<ProviderResponded>): Over => ({
    call: {
      requestId: routed.data.request_id,
      principal: { orgId: 'acme', tenantId: 'acme-prod', keyId: 'key' },
      chat: { request: {} },
      trace: {},
    } as Over['call'],
    admitted: { hold, inputTokensBound: 1, outputTokensBound: 1 } as Over['admitted'],
    routed: { fact: routed } as Over['routed'],
    called: {
      result: { attempts: [], facts: [responded], refusal: null },
      opened: facts.persist([routed]),
      broken: null,
    },
  });
  const written = async (): Promise<{ type: string; data: unknown }[]> => {
    const found: { type: string; data: unknown }[] = [];
    for await (const { event } of log.scan(1)) found.push(decodeFact(event));
    return found;
  };

  it('closes it at the hold, so that nothing stays held', async () => {
    const responded = respondedFact(sample, 1);
    const broken = { ...responded, data: { ...responded.data, status: 799 } };

    await expect(settlement.settle(over(routedFact(sample), broken))).rejects.toThrow(BrokenEventError);
    await facts.idle();

    const [routed, charged] = await written();
    expect(routed?.type).toBe('RequestRouted');
    const data = { state: 'estimated', reason: 'crash_recovery', amount_nano_usd: String(HELD) };
    expect(charged).toMatchObject({ type: 'BudgetCharged', data });
    expect(hold.outcome).toEqual({ state: 'settled', amountNanoUsd: HELD });
  });

  it('charges nothing to a request that the log does not know', async () => {
    const routed = routedFact(sample);
    const broken = { ...routed, data: { ...routed.data, chosen: 'x'.repeat(201) } };

    await expect(settlement.settle(over(broken, respondedFact(sample, 1)))).rejects.toThrow(BrokenEventError);
    await facts.idle();

    expect(await written()).toEqual([]);
    expect(hold.outcome).toEqual({ state: 'voided', amountNanoUsd: 0n });
  });

  it('keeps the hold when the log closes meanwhile: it may have taken the charge', async () => {
    const append = log.append.bind(log);
    log.append = async (batch) => {
      await append(batch);
      throw new ClosedLogError(); // as a journal whose shipper stops before the shared log has answered
    };

    await expect(settlement.settle(over(routedFact(sample), respondedFact(sample, 1)))).rejects.toThrow(ClosedLogError);
    await facts.idle();

    expect((await written()).map(({ type }) => type)).toEqual(['RequestRouted', 'ProviderResponded', 'BudgetCharged']);
    expect(hold.outcome).toBeNull();
    expect(budgets.openRequestIds).toEqual([hold.requestId]);
  });
});
