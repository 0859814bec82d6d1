import type { Attempt } from '#providers';
import type { InboundCall } from '../inbound-call.js';
import { answerMetadata } from './answer-metadata.js';

const TRACE_ID = '4bf92f35-77b3-4da6-a3ce-929d0e0e4736';
const call = { trace: { traceparent: '', traceId: TRACE_ID } } as InboundCall;
const answeredBy = (provider: string): Attempt => ({ target: { connection: { provider } } }) as Attempt;
const told = { strategy: 'thompson', latencyMs: 12, costUsd: '0.00238' };

describe('the metadata of an answer', () => {
  it('names provider, latency, cost, strategy and trace', () => {
    expect(JSON.parse(answerMetadata(call, answeredBy('openai'), told))).toEqual({
      provider: 'openai',
      latency_ms: 12,
      cost_usd: 0.00238,
      routing_decision: 'thompson',
      trace_id: TRACE_ID,
    });
  });

  it('keeps every digit of the cost, as a number that no float has touched', () => {
    const text = answerMetadata(call, answeredBy('openai'), { ...told, costUsd: '9007199254740993.000000001' });
    expect(text).toContain('"cost_usd":9007199254740993.000000001,');
  });

  it('has no cost where no price is known: unpriced is not free', () => {
    const text = answerMetadata(call, answeredBy('custom'), { ...told, costUsd: 'null' });
    expect(JSON.parse(text)).toMatchObject({ cost_usd: null });
  });

  it('tells whole milliseconds', () => {
    const text = answerMetadata(call, answeredBy('openai'), { ...told, latencyMs: 1_234.5678 });
    expect(JSON.parse(text)).toMatchObject({ latency_ms: 1_235 });
  });

  it('stays one JSON object whatever a provider or a strategy is called', () => {
    const strange = '"},\n{"\u2028\\';
    const text = answerMetadata(call, answeredBy(strange), { ...told, strategy: strange });
    expect(JSON.parse(text)).toMatchObject({ provider: strange, routing_decision: strange });
    expect(text).not.toContain('\n');
  });
});
