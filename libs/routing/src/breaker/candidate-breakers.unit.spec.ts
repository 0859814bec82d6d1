import { Clock, type BreakerClosed, type BreakerOpened, type Fact } from '#contracts';
import { encodeFact } from '#event-log';
import { CandidateBreakers } from './candidate-breakers.js';

class SetClock extends Clock {
  nowMs = 0;
  override epochMs(): number {
    return 1_700_000_000_000 + this.nowMs;
  }
  override monotonicMs(): number {
    return this.nowMs;
  }
}

const [a, b] = ['a', 'b'].map((slug) => ({ id: `${slug}/m`, connection: slug, model: 'm' })) as [Named, Named];
interface Named {
  readonly id: string;
  readonly connection: string;
  readonly model: string;
}

function gateway() {
  const clock = new SetClock();
  const facts: (Fact<BreakerOpened> | Fact<BreakerClosed>)[] = [];
  const breakers = new CandidateBreakers({
    clock,
    source: '/gateway/slot-0',
    onTransition: (fact) => facts.push(fact),
  });
  const attempt = (candidates: readonly Named[], id: string, outcome: 'ok' | 'server_error') => {
    const gate = breakers.gateFor(breakers.eligible(candidates));
    const acquired = gate.acquire(id);
    if (acquired) gate.report(id, outcome, null);
    return acquired;
  };
  return { clock, facts, breakers, attempt };
}

describe('the breakers of a gateway', () => {
  it('tell when a circuit opens and when its probe closes it', () => {
    const { clock, facts, attempt } = gateway();
    for (let round = 0; round < 5; round++) attempt([a, b], a.id, 'server_error');
    clock.nowMs = 30_000;
    attempt([a, b], a.id, 'ok');

    expect(facts.map(({ type, tenant, source, time }) => ({ type, tenant, source, time }))).toEqual([
      { type: 'BreakerOpened', tenant: 'system', source: '/gateway/slot-0', time: '2023-11-14T22:13:20.000Z' },
      { type: 'BreakerClosed', tenant: 'system', source: '/gateway/slot-0', time: '2023-11-14T22:13:50.000Z' },
    ]);
    expect(facts[0]?.data).toEqual({
      candidate: 'a/m',
      connection: 'a',
      model: 'm',
      consecutive_failures: 5,
      last_outcome: 'server_error',
      retry_after_ms: 30_000,
    });
    expect(facts[1]?.data).toEqual({ candidate: 'a/m', connection: 'a', model: 'm', open_for_ms: 30_000 });
    expect(new Set(facts.map((fact) => encodeFact(fact).eventId)).size).toBe(2);
  });

  it('leave a broken candidate out of what may be drawn, and keep the last one', () => {
    const { breakers, attempt } = gateway();
    for (let round = 0; round < 5; round++) attempt([a, b], a.id, 'server_error');
    expect(breakers.eligible([a, b]).eligible).toEqual([b]);
    expect(breakers.eligible([a])).toEqual({ eligible: [a], excluded: [], lastResort: a.id });
  });

  it('refuse a second probe while the first is out', () => {
    const { clock, breakers, attempt } = gateway();
    for (let round = 0; round < 5; round++) attempt([a, b], a.id, 'server_error');
    clock.nowMs = 30_000;
    const both = breakers.eligible([a, b]);
    expect(breakers.gateFor(both).acquire(a.id)).toBe(true);
    expect(breakers.gateFor(both).acquire(a.id)).toBe(false);
  });

  it('let the only candidate through whatever its circuit says', () => {
    const { attempt } = gateway();
    for (let round = 0; round < 20; round++) expect(attempt([a], a.id, 'server_error')).toBe(true);
  });

  it('ignore a report of an attempt that never began', () => {
    const { breakers, facts } = gateway();
    const gate = breakers.gateFor(breakers.eligible([a, b]));
    for (let round = 0; round < 9; round++) gate.report(a.id, 'server_error', null);
    expect(facts).toEqual([]);
  });
});
