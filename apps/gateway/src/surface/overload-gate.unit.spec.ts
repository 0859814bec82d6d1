import { jest } from '@jest/globals';
import { pino } from 'pino';
import { HttpException } from '@nestjs/common';
import { GatewayError } from '#contracts';
import { asGatewayError } from './as-gateway-error.js';
import { OverloadGate } from './overload-gate.js';

describe('the overload gate', () => {
  let full: boolean;
  let failing: boolean;
  let gate: OverloadGate;
  beforeEach(() => {
    jest.useFakeTimers();
    full = false;
    failing = false;
    gate = new OverloadGate(2, { isFull: () => full, isFailing: () => failing, whenFull: 'It is full.' });
  });
  afterEach(() => {
    gate.close();
    jest.useRealTimers();
  });
  const refusal = (code: string) => expect.objectContaining({ code, status: 503 });

  it('lets as many in as it may, and another one when one has left', () => {
    gate.enter();
    gate.check();
    gate.enter();
    expect(() => gate.check()).toThrow(refusal('overloaded'));
    gate.leave();
    expect(() => gate.check()).not.toThrow();
  });

  it('takes nothing on while the journal is full', () => {
    full = true;
    expect(() => gate.check()).toThrow(refusal('journal_full'));
  });

  it('takes nothing on while nothing can be recorded, and says when to ask again', () => {
    failing = true;
    expect(() => gate.check()).toThrow(refusal('journal_unavailable'));
    expect(() => gate.check()).toThrow(expect.objectContaining({ retryAfterMs: 2_000 }));
    failing = false;
    expect(() => gate.check()).not.toThrow();
  });

  it('drains: takes nothing on, and ends when the last one has left', async () => {
    gate.enter();
    gate.startDraining();
    expect(() => gate.check()).toThrow(refusal('shutting_down'));
    let drained = false;
    void gate.drained(1_000).then(() => (drained = true));
    await jest.advanceTimersByTimeAsync(999);
    expect(drained).toBe(false);
    gate.leave();
    await jest.advanceTimersByTimeAsync(0);
    expect(drained).toBe(true);
  });

  it('ends a drain after its time, whoever is left', async () => {
    gate.enter();
    const drained = gate.drained(1_000);
    await jest.advanceTimersByTimeAsync(1_000);
    await drained;
    expect(gate.requestsInFlight).toBe(1);
  });
});

describe('a late event loop', () => {
  const SAMPLED_EVERY_MS = 20;
  let blockedMs: number;
  let gate: OverloadGate;
  const isRefused = (): boolean => {
    try {
      gate.check();
      return false;
    } catch (error) {
      expect(error).toMatchObject({ code: 'overloaded', status: 503, retryAfterMs: 1_000 });
      return true;
    }
  };
  const enter = (requests: number): void => {
    for (let entered = 0; entered < requests; entered += 1) gate.enter();
  };
  beforeEach(() => {
    jest.useFakeTimers();
    const elapsedMs = performance.now.bind(performance);
    blockedMs = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => elapsedMs() + blockedMs);
    gate = new OverloadGate(1_000, { isFull: () => false, isFailing: () => false, whenFull: '' });
  });
  afterEach(() => {
    gate.close();
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  it('sheds from 150 ms of delay on, even before the delay can be sampled', () => {
    enter(32);
    blockedMs = SAMPLED_EVERY_MS + 150;
    expect(isRefused()).toBe(false);
    blockedMs += 1;
    expect(isRefused()).toBe(true);
  });

  it('sheds until a sample comes in time again', () => {
    enter(32);
    blockedMs = 400;
    jest.advanceTimersByTime(SAMPLED_EVERY_MS);
    expect(isRefused()).toBe(true);
    jest.advanceTimersByTime(SAMPLED_EVERY_MS - 1);
    expect(isRefused()).toBe(true);
    jest.advanceTimersByTime(1);
    expect(isRefused()).toBe(false);
  });

  it('refuses nobody while few are in flight: that would relieve nobody', () => {
    enter(31);
    blockedMs = 5_000;
    jest.advanceTimersByTime(SAMPLED_EVERY_MS);
    expect(isRefused()).toBe(false);
    enter(1);
    expect(isRefused()).toBe(true);
  });
});

describe('what a caller may be told of a thrown value', () => {
  let lines: string[];
  const told = (thrown: unknown): GatewayError => {
    lines = [];
    return asGatewayError(thrown, pino({}, { write: (line: string) => void lines.push(line) }));
  };

  it('is the error itself when it was meant for a caller', () => {
    const error = new GatewayError('budget_held', 'wait');
    expect(told(error)).toBe(error);
  });

  it.each([400, 404, 405, 413, 415])('is a known code for the framework’s %i', (status) => {
    expect(told(new HttpException('inner', status)).status).toBe(status);
    expect(told(Object.assign(new Error('inner'), { statusCode: status })).status).toBe(status);
    expect(lines).toEqual([]);
  });

  it('is a reason to ask again while the database is away, which the log has been told already', () => {
    const refused = Object.assign(new Error('inner'), { code: 'ECONNREFUSED', syscall: 'connect' });
    expect(told(refused)).toMatchObject({ code: 'projection_behind', status: 503, retryAfterMs: 1_000 });
    expect(lines).toEqual([]);
  });

  it.each([[new Error('inner')], ['inner'], [null], [undefined], [new HttpException('inner', 500)]])(
    'is nothing of an unexpected %p, which is logged',
    (thrown) => {
      expect(told(thrown)).toMatchObject({ code: 'internal_error', status: 500 });
      expect(JSON.stringify(told(thrown).toBody())).not.toContain('inner');
      expect(lines).toHaveLength(1);
    },
  );
});
