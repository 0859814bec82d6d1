import type { EntityManager } from '@mikro-orm/postgresql';
import { jest } from '@jest/globals';
import type { LogEvent, LogReader, ReplicaLog } from '#event-log';
import { encodeFact, eventId, partitionOf, uuidv7 } from '#event-log';
import { FindRequest, FindRequestHandler } from './find-request.handler.js';

const TENANT = 'acme-prod';
const NOW_MS = Date.UTC(2026, 10, 21, 12);
const idAged = (ageMs: number): string => uuidv7(NOW_MS - ageMs, new Uint8Array(10));
const reused = (requestId: string, tenant = TENANT): LogEvent => ({
  offset: 0n,
  ...encodeFact({
    id: eventId(requestId, 'AnswerReused'),
    type: 'AnswerReused',
    version: 1,
    tenant,
    source: '/gateway/a',
    time: new Date(NOW_MS).toISOString(),
    data: {
      request_id: requestId,
      original_request_id: idAged(60_000),
      client_request_id: null,
      org_id: 'acme',
      tenant_id: tenant,
      key_id: 'key_1',
      surface: 'openai.chat',
      reason: 'cache',
      trace_id: requestId,
    },
  }),
});

describe('what a gateway says of a request that it has not answered itself', () => {
  /** Rows of the tables: kind of fact and payload. */
  let rows: { type: string; time: string; data: string }[];
  let journal: LogEvent[];
  let isShared: boolean;

  beforeEach(() => {
    jest.useFakeTimers({ now: NOW_MS });
    [rows, journal, isShared] = [[], [], true];
  });
  afterEach(() => void jest.useRealTimers());

  const ask = (requestId: string): Promise<{ readonly status: string }> => {
    const execute = (sql: string): Promise<object[]> =>
      Promise.resolve(sql.includes('projection_cursor') ? [cursor] : [...rows]);
    const cursor = { partition: partitionOf(TENANT), next_offset: '7', halted: null };
    const em = { fork: () => em, execute, transactional: (work: (inner: unknown) => unknown) => work(em) };
    const handler = new FindRequestHandler(
      em as unknown as EntityManager,
      { find: () => Promise.resolve(journal) } as unknown as ReplicaLog,
      { isShared, range: () => Promise.resolve({ earliest: 0n, highWater: 7n }) } as unknown as LogReader,
      { epochMs: () => Date.now(), monotonicMs: () => Date.now() },
    );
    return handler.execute(new FindRequest(TENANT, requestId));
  };
  /** What becomes of a question, and how long it took. */
  const answer = async (requestId: string): Promise<{ said: unknown; tookMs: number }> => {
    const said = ask(requestId).then(
      ({ status }) => ({ said: status, tookMs: Date.now() - NOW_MS }),
      ({ code }: { code: string }) => ({ said: code, tookMs: Date.now() - NOW_MS }),
    );
    await jest.advanceTimersByTimeAsync(5_000);
    return said;
  };
  const project = (type: string, data: object): void => {
    rows.push({ type, time: '2026-11-21T12:00:00.000Z', data: JSON.stringify(data) });
  };
  const routed = (id: string): void => project('RequestRouted', { request_id: id });
  const charged = (id: string): void => project('BudgetCharged', { request_id: id, state: 'settled' });

  it('is what another gateway ships a moment later', async () => {
    const id = idAged(50);
    setTimeout(() => (routed(id), charged(id)), 300);

    expect(await answer(id)).toEqual({ said: 'settled', tookMs: 300 });
  });

  it('is the charge of a request that another gateway has just answered, and not that it is open', async () => {
    const id = idAged(60_000);
    routed(id);
    setTimeout(() => charged(id), 300);

    expect(await answer(id)).toEqual({ said: 'settled', tookMs: 300 });
  });

  it('is that it is open, when that lasts', async () => {
    const id = idAged(60_000);
    routed(id);

    expect(await answer(id)).toEqual({ said: 'open', tookMs: 2_000 });
  });

  it('is that it is not known yet, for an id of the last seconds, whatever the clocks of gateways say', async () => {
    expect(await answer(idAged(9_000))).toEqual({ said: 'projection_behind', tookMs: 2_000 });
  });

  it('is so, too, for an id from a clock that goes a little before', async () => {
    expect((await answer(idAged(-2_000))).said).toBe('projection_behind');
  });

  it.each([
    ['an old id', idAged(11_000)],
    ['an id of a time to come', idAged(-3_600_000)],
    ['an id that no gateway gives', idAged(0).replace('-7', '-4')],
  ])('is that there is none, at once, for %s', async (_, id) => {
    expect(await answer(id)).toEqual({ said: 'request_not_found', tookMs: 0 });
  });

  it('is what its own journal has, at once', async () => {
    const id = idAged(0);
    journal = [reused(id)];

    expect(await answer(id)).toEqual({ said: 'reused', tookMs: 0 });
  });

  it('is that there is none, at once, on one machine, where its journal is all there is', async () => {
    isShared = false;

    expect(await answer(idAged(0))).toEqual({ said: 'request_not_found', tookMs: 0 });
  });
});
