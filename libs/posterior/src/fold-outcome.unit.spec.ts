import fc from 'fast-check';
import { OUTCOME_TRAITS, OUTCOMES } from '#contracts';
import { foldOutcome, latencyReward, type ObservedOutcome } from './fold-outcome.js';
import { NO_EVIDENCE, type PosteriorState } from './posterior.state.js';
import { parsePosterior, serialisePosterior } from './posterior-json.js';

const answer: ObservedOutcome = {
  tick: 100,
  outcome: 'ok',
  stream: false,
  ttft_ms: null,
  latency_ms: 4_000,
  latency_scale_ms: 4_000,
};

const events = fc.array(
  fc.record({
    tick: fc.integer({ min: 0, max: 300 }),
    outcome: fc.constantFrom(...OUTCOMES),
    stream: fc.boolean(),
    ttft_ms: fc.option(fc.double({ min: 0, max: 1e5, noNaN: true })),
    latency_ms: fc.double({ min: 0, max: 1e6, noNaN: true }),
    latency_scale_ms: fc.constantFrom(800, 4_000),
  }),
  { maxLength: 60 },
);

const foldAll = (all: readonly ObservedOutcome[], from: PosteriorState = NO_EVIDENCE) => all.reduce(foldOutcome, from);

describe('folding outcomes', () => {
  it('counts an answer as a success and its latency as a reward', () => {
    expect(foldOutcome(NO_EVIDENCE, answer)).toEqual({
      tick: 100,
      health: { successes: 1, failures: 0 },
      utility: { n: 1, sum: 0.5, sumSquares: 0.25 },
    });
  });

  it('counts a rate limit as a failure and learns nothing about latency from it', () => {
    expect(foldOutcome(NO_EVIDENCE, { ...answer, outcome: 'rate_limited' })).toEqual({
      tick: 100,
      health: { successes: 0, failures: 1 },
      utility: { n: 0, sum: 0, sumSquares: 0 },
    });
  });

  it('moves health as the table of outcomes says, and leaves the state alone when the provider is not to blame', () => {
    const verdictOf = ({ health: { successes, failures } }: PosteriorState) =>
      new Map([
        ['1,0', 'success'],
        ['0,1', 'failure'],
        ['0,0', 'ignored'],
      ]).get(`${successes},${failures}`);
    for (const outcome of OUTCOMES) {
      const state = foldOutcome(NO_EVIDENCE, { ...answer, outcome });
      expect([outcome, verdictOf(state)]).toEqual([outcome, OUTCOME_TRAITS[outcome].health]);
      expect(state === NO_EVIDENCE).toBe(OUTCOME_TRAITS[outcome].health === 'ignored');
    }
  });

  it('times a stream by its first token, and learns only health from one that had none', () => {
    const stream = { ...answer, stream: true, latency_scale_ms: 800 };
    expect(foldOutcome(NO_EVIDENCE, { ...stream, ttft_ms: 800 }).utility).toEqual({ n: 1, sum: 0.5, sumSquares: 0.25 });
    const silent = foldOutcome(NO_EVIDENCE, { ...stream, ttft_ms: null });
    expect(silent.health.successes).toBe(1);
    expect(silent.utility.n).toBe(0);
  });

  it('counts an event that comes late at the tick the state has reached', () => {
    const reached = foldOutcome(NO_EVIDENCE, answer);
    expect(foldOutcome(reached, { ...answer, tick: 40 })).toEqual({
      tick: 100,
      health: { successes: 2, failures: 0 },
      utility: { n: 2, sum: 1, sumSquares: 0.5 },
    });
  });

  it('gives the same bits when the state is written out and read back after every event', () => {
    fc.assert(
      fc.property(events, (all) => {
        const stored = all.reduce((json, event) => {
          const state = parsePosterior(json);
          if (state === null) throw new Error(`cannot be read back: ${json}`);
          return serialisePosterior(foldOutcome(state, event));
        }, serialisePosterior(NO_EVIDENCE));
        expect(stored).toBe(serialisePosterior(foldAll(all)));
      }),
    );
  });

  it('reaches the bits that it has always reached', () => {
    const history = Array.from({ length: 500 }, (_, index) => ({
      ...answer,
      tick: 1_000 + Math.floor(index / 3),
      outcome: index % 7 === 3 ? ('server_error' as const) : ('ok' as const),
      latency_ms: 200 + ((index * 7_919) % 9_000),
    }));
    expect(serialisePosterior(foldAll(history))).toMatchInlineSnapshot(
      `"{"tick":1166,"health":{"successes":109.77694348226456,"failures":17.800039339274168},"utility":{"n":417.763128190054,"sum":206.74930224065176,"sum_squares":133.04848483846249}}"`,
    );
  });
});

describe('the latency reward', () => {
  it('is half at the scale, falls with latency and stays within [0, 1]', () => {
    const latency = fc.double({ min: 0, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(latency, latency, (one, other) => {
        const [fast, slow] = [Math.min(one, other), Math.max(one, other)].map((latency_ms) =>
          latencyReward({ ...answer, latency_ms }),
        ) as [number, number];
        expect(fast).toBeGreaterThanOrEqual(slow);
        expect(fast).toBeLessThanOrEqual(1);
        expect(slow).toBeGreaterThanOrEqual(0);
      }),
    );
    expect(latencyReward(answer)).toBe(0.5);
  });
});
