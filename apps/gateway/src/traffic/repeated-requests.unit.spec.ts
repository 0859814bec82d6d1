import { BudgetCharged, GatewayError, type Clock, type Fact } from '#contracts';
import { KeyedDigest, encodeFact, eventId, type LogEvent } from '#event-log';
import { MemoryIdempotencyStore } from '#traffic';
import type { InboundCall } from '../answer-request/inbound-call.js';
import { AnswerKeeper } from './answer-keeper.js';
import type { RecordedAnswer } from './recording-reply.js';
import { RepeatedRequests, type ClaimOutcome } from './repeated-requests.js';

const clock: Clock = { epochMs: () => 0, monotonicMs: () => 0 };
const digest = new KeyedDigest(Buffer.alloc(32, 7));
let requests = 0;

const callOf = (body = '{}', more: object = {}): InboundCall =>
  ({
    requestId: `019a1b2c-3d4e-7f50-8a1b-${String(++requests).padStart(12, '0')}`,
    principal: { tenantId: 't', keyId: 'k', digest, ...more },
    surface: 'openai.chat',
    chat: { bytes: Buffer.from(body) },
  }) as unknown as InboundCall;

const answered = (body: string, error: GatewayError | null = null): RecordedAnswer => ({
  status: error?.status ?? 200,
  headers: { 'x-overture-provider': 'own', 'x-overture-overhead-ms': '1.00', 'x-ratelimit-limit-requests': '1' },
  body: Buffer.from(body),
  error,
});

/** The charge of a request, as it stands in the journal. */
function charge({ requestId }: InboundCall, state: BudgetCharged['state']): Fact<BudgetCharged> {
  return {
    id: eventId(requestId, BudgetCharged.type),
    type: BudgetCharged.type,
    version: BudgetCharged.version,
    tenant: 't',
    source: '/gateway/slot-0',
    time: '2026-11-21T12:00:00.000Z',
    data: {
      request_id: requestId,
      org_id: 'o',
      tenant_id: 't',
      key_id: 'k',
      hold_id: requestId,
      state,
      reason: 'no_answer',
      amount_nano_usd: '0',
      held_nano_usd: '0',
      catalogue_version: '1',
      lines: [],
      budgets: [],
    },
  };
}

describe('a request with an idempotency key', () => {
  let journal: Fact<BudgetCharged>[] = [];
  let requestsOnce: RepeatedRequests;

  beforeEach(() => {
    journal = [];
    const find = (ids: readonly string[]): Promise<LogEvent[]> => {
      const found = journal.filter(({ id }) => ids.includes(id));
      return Promise.resolve(found.map((fact) => ({ ...encodeFact(fact), offset: 0n })));
    };
    const facts = { persist: () => ({ durable: Promise.resolve(), inTime: Promise.resolve(), delayed: () => false }) };
    const keeper = new AnswerKeeper({ facts, log: { find }, clock, source: '/gateway/slot-0' });
    requestsOnce = new RepeatedRequests(new MemoryIdempotencyStore(clock, 1_000), keeper);
  });

  const claim = (call: InboundCall): Promise<ClaimOutcome> => requestsOnce.claim(call, 'key');
  const run = async (call: InboundCall, answer: RecordedAnswer | null): Promise<void> => {
    const outcome = await claim(call);
    if (outcome.claim === null) throw new Error('it has run before');
    await requestsOnce.finish(call, outcome.claim, answer);
  };

  it('gets the first answer, without what was of its moment', async () => {
    const first = callOf();
    await run(first, answered('{"id":1}'));
    expect((await claim(callOf())).answer).toEqual({
      status: 200,
      requestId: first.requestId,
      headers: { 'x-overture-provider': 'own' },
      body: Buffer.from('{"id":1}'),
    });
  });

  it.each([
    ['tenant', { tenantId: 'other' }],
    ['API key', { keyId: 'other' }],
  ])('is another one for another %s', async (_, principal) => {
    await run(callOf(), answered('{}'));
    expect((await claim(callOf('{}', principal))).answer).toBeNull();
  });

  it('may run again when it was refused before it was routed, or cost nothing', async () => {
    const refused = new GatewayError('rate_limit_exceeded', 'Later.');
    await run(callOf(), answered('{}', refused));
    const failed = callOf();
    journal.push(charge(failed, 'voided'));
    await run(failed, answered('{}', new GatewayError('provider_error', 'It failed.')));
    await run(callOf(), null);
    expect((await claim(callOf())).answer).toBeNull();
  });

  it.each(['settled', 'estimated'] as const)(
    'does not run again when it failed and was charged (%s)',
    async (state) => {
      const failed = callOf();
      journal.push(charge(failed, state));
      await run(failed, answered('{"error":{}}', new GatewayError('provider_timeout', 'It took too long.')));
      expect((await claim(callOf())).answer).toMatchObject({ status: 504, requestId: failed.requestId });
    },
  );

  it('does not run again while its charge is still on the way', async () => {
    await run(callOf(), answered('{}', new GatewayError('journal_unavailable', 'It stays booked.')));
    expect((await claim(callOf())).answer).toMatchObject({ status: 503 });
  });
});
