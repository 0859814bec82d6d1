import { foldedInto } from '../__fixtures__/memory-tables.js';
import {
  factsOf,
  requestIdOf,
  respondedFact,
  reusedFact,
  routedFact,
  type SampleRequest,
} from '../__fixtures__/sample-facts.js';
import { foldRequestView } from './fold-request-view.js';
import { answerReuse, requestAttempt, requestLog } from './request-log.entity.js';

const request: SampleRequest = {
  number: 7,
  tenant: 'acme-prod',
  attempts: [
    { candidate: 'openai-prod/gpt-4o', outcome: 'timeout_headers', latencyMs: 5_000, ttftMs: null, tick: 179443210 },
    { candidate: 'azure-eu/gpt-4o', outcome: 'ok', latencyMs: 812.5, ttftMs: null, tick: 179443211 },
  ],
  state: 'settled',
  amount: 2_380_000n,
};
const id = requestIdOf(7);

describe('request log', () => {
  it('has one row per routed request and one per attempt, with the payloads as they stand in the log', () => {
    const tables = foldedInto(factsOf(request));

    expect(tables.rows(requestLog)).toEqual([
      {
        requestId: id,
        tenantId: 'acme-prod',
        keyId: 'key-acme-prod',
        routedAt: '2026-11-21T12:00:00.049Z',
        requestedModel: 'gpt-4o',
        chosen: 'openai-prod/gpt-4o',
        routed: JSON.stringify(routedFact(request).data),
      },
    ]);
    expect(tables.rows(requestAttempt).map(({ attempt, outcome }) => [attempt, outcome])).toEqual([
      [1, 'timeout_headers'],
      [2, 'ok'],
    ]);
    expect(tables.rows(requestAttempt)[1]?.responded).toBe(JSON.stringify(respondedFact(request, 2).data));
  });

  it('has one row per request that got the answer of another one', () => {
    const reused = reusedFact(8, request);

    expect(foldedInto([reused]).rows(answerReuse)).toEqual([
      {
        requestId: requestIdOf(8),
        tenantId: 'acme-prod',
        keyId: 'key-acme-prod',
        originalRequestId: id,
        reusedAt: reused.time,
        reason: 'cache',
        reused: JSON.stringify(reused.data),
      },
    ]);
  });

  it('has the same rows again after truncate and replay', () => {
    expect(foldedInto(factsOf(request), 1).dump()).toEqual(foldedInto(factsOf(request)).dump());
  });
});

describe('view of a request', () => {
  const facts = factsOf(request);

  it('tells where it was sent, how each attempt ended and what it cost, whatever the order of the facts', () => {
    const view = foldRequestView(facts);

    expect(view).toMatchObject({
      id,
      status: 'settled',
      routed: { chosen: 'openai-prod/gpt-4o', time: '2026-11-21T12:00:00.049Z' },
      attempts: [{ outcome: 'timeout_headers' }, { outcome: 'ok' }],
      charge: { amount_nano_usd: '2380000', state: 'settled' },
    });
    expect(foldRequestView(facts.toReversed())).toEqual(view);
    expect(foldRequestView([...facts, ...facts])).toEqual(view);
  });

  it('is open until the charge closes it', () => {
    expect(foldRequestView(facts.slice(0, 2))).toMatchObject({
      id,
      status: 'open',
      attempts: [{ attempt: 1 }],
      charge: null,
    });
  });

  it('is that of another one where it was not routed', () => {
    expect(foldRequestView([reusedFact(8, request)])).toMatchObject({
      id: requestIdOf(8),
      status: 'reused',
      routed: null,
      attempts: [],
      charge: null,
      reuse: { original_request_id: id, reason: 'cache' },
    });
  });

  it('shows what there is when the routing is not known here', () => {
    expect(foldRequestView(facts.slice(-1))).toMatchObject({ id, status: 'settled', routed: null, attempts: [] });
  });

  it('is nothing without facts about a request', () => {
    expect(foldRequestView([])).toBeNull();
  });
});
