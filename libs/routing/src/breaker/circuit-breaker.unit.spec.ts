import fc from 'fast-check';
import { OUTCOME_TRAITS, OUTCOMES, type Outcome } from '#contracts';
import {
  beginAttempt,
  blockadeOf,
  DEFAULT_CIRCUIT_LIMITS as LIMITS,
  endAttempt,
  FRESH_CIRCUIT,
  type CircuitState,
} from './circuit-breaker.state.js';

interface Attempt {
  readonly outcome: Outcome;
  readonly startedMs: number;
  readonly endedMs?: number;
  readonly retryAfterMs?: number;
}

const attempt = (state: CircuitState, { outcome, startedMs, endedMs, retryAfterMs }: Attempt): CircuitState =>
  endAttempt(
    beginAttempt(state, startedMs),
    { outcome, startedMs, endedMs: endedMs ?? startedMs, retryAfterMs: retryAfterMs ?? null },
    LIMITS,
  );

const repeat = (
  outcome: Outcome,
  { times, atMs }: { readonly times: number; readonly atMs: number },
  from: CircuitState = FRESH_CIRCUIT,
) => Array.from({ length: times }).reduce<CircuitState>((state) => attempt(state, { outcome, startedMs: atMs }), from);

const opened = repeat('server_error', { times: 5, atMs: 1_000 });

describe('a circuit', () => {
  it('opens at the fifth failure in a row and lets nothing through for 30 s', () => {
    expect(blockadeOf(repeat('server_error', { times: 4, atMs: 1_000 }), 1_000, LIMITS)).toBeNull();
    expect(blockadeOf(opened, 1_000, LIMITS)).toBe('breaker_open');
    expect(blockadeOf(opened, 30_999, LIMITS)).toBe('breaker_open');
    expect(blockadeOf(opened, 31_000, LIMITS)).toBeNull();
  });

  it('counts failures in a row only', () => {
    const interrupted = attempt(repeat('server_error', { times: 4, atMs: 0 }), { outcome: 'ok', startedMs: 1 });
    expect(repeat('server_error', { times: 4, atMs: 2 }, interrupted).open).toBeNull();
  });

  it.each(OUTCOMES.filter((outcome) => !OUTCOME_TRAITS[outcome].trips))('is never opened by %s', (outcome) => {
    expect(repeat(outcome, { times: 50, atMs: 1_000 }).open).toBeNull();
  });

  it('is not mended by an outcome that says nothing about the provider', () => {
    const undecided = attempt(repeat('server_error', { times: 4, atMs: 0 }), { outcome: 'client_gone', startedMs: 1 });
    expect(repeat('server_error', { times: 1, atMs: 2 }, undecided).open).not.toBeNull();
  });

  it('lets one probe through when half open, and closes when it succeeds', () => {
    const probing = beginAttempt(opened, 31_000);
    expect(blockadeOf(probing, 31_001, LIMITS)).toBe('probe_in_flight');
    const closed = endAttempt(
      probing,
      { outcome: 'ok', startedMs: 31_000, endedMs: 31_500, retryAfterMs: null },
      LIMITS,
    );
    expect(closed.open).toBeNull();
    expect(blockadeOf(closed, 31_500, LIMITS)).toBeNull();
    expect(repeat('server_error', { times: 4, atMs: 32_000 }, closed).open).toBeNull();
  });

  it('opens again, for longer each time up to five minutes, when the probe fails', () => {
    let state = opened;
    const durations: number[] = [];
    for (let round = 0; round < 12; round++) {
      state = attempt(state, { outcome: 'timeout_headers', startedMs: state.open?.untilMs as number });
      durations.push((state.open?.untilMs as number) - (state.open?.sinceMs as number));
    }
    expect(durations.slice(0, 3)).toEqual([60_000, 90_000, 120_000]);
    expect(durations.at(-1)).toBe(300_000);
  });

  it('forgives one opening for every 30 s that it has stayed closed', () => {
    const closedAgain = attempt(opened, { outcome: 'ok', startedMs: 31_000 });
    const soon = repeat('server_error', { times: 5, atMs: 31_100 }, closedAgain);
    const later = repeat('server_error', { times: 5, atMs: 61_000 }, closedAgain);
    expect((soon.open?.untilMs as number) - 31_100).toBe(60_000);
    expect((later.open?.untilMs as number) - 61_000).toBe(30_000);
  });

  it('gives the place of a probe back that came to no verdict', () => {
    const undecided = attempt(opened, { outcome: 'cancelled', startedMs: 31_000, endedMs: 31_200 });
    expect(undecided.open).not.toBeNull();
    expect(blockadeOf(undecided, 31_200, LIMITS)).toBeNull();
  });

  it('gives up a probe that never reports', () => {
    expect(blockadeOf(beginAttempt(opened, 31_000), 91_000, LIMITS)).toBeNull();
  });

  it('ignores attempts that began before it opened', () => {
    const late = attempt(opened, { outcome: 'ok', startedMs: 500, endedMs: 2_000 });
    expect(late.open).toEqual(opened.open);
    expect(attempt(opened, { outcome: 'server_error', startedMs: 500, endedMs: 40_000 }).open).toEqual(opened.open);
  });

  it('closes at once when a last resort succeeds while it is open, and is not held open by one that fails', () => {
    expect(attempt(opened, { outcome: 'ok', startedMs: 5_000 }).open).toBeNull();
    expect(attempt(opened, { outcome: 'server_error', startedMs: 5_000 }).open).toEqual(opened.open);
  });

  it('keeps silent as long as a rate limit asks, but for no more than five minutes', () => {
    const limited = (retryAfterMs?: number) =>
      attempt(FRESH_CIRCUIT, { outcome: 'rate_limited', startedMs: 1_000, ...(retryAfterMs && { retryAfterMs }) });
    expect(blockadeOf(limited(5_000), 5_999, LIMITS)).toBe('retry_after');
    expect(blockadeOf(limited(5_000), 6_000, LIMITS)).toBeNull();
    expect(limited().gatedUntilMs).toBe(2_000);
    expect(limited(1e12).gatedUntilMs).toBe(301_000);
  });

  it('never shortens a silence that was asked for', () => {
    const long = attempt(FRESH_CIRCUIT, { outcome: 'rate_limited', startedMs: 0, retryAfterMs: 60_000 });
    expect(attempt(long, { outcome: 'rate_limited', startedMs: 1, retryAfterMs: 10 }).gatedUntilMs).toBe(60_000);
  });

  it('always lets someone through again within the longest open time and silence, whatever happened', () => {
    const step = fc.record({
      outcome: fc.constantFrom(...OUTCOMES),
      pauseMs: fc.nat(400_000),
      retryAfterMs: fc.nat(1e9),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let [state, nowMs] = [FRESH_CIRCUIT, 0];
        for (const { outcome, pauseMs, retryAfterMs } of steps) {
          nowMs += pauseMs;
          state = attempt(state, { outcome, startedMs: nowMs, retryAfterMs });
        }
        expect(blockadeOf(state, nowMs + 300_000, LIMITS)).toBeNull();
      }),
    );
  });
});
