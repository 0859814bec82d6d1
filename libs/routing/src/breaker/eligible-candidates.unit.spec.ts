import { DEFAULT_CIRCUIT_LIMITS as limits, FRESH_CIRCUIT, type CircuitState } from './circuit-breaker.state.js';
import { eligibleCandidates } from './eligible-candidates.js';

const openUntil = (untilMs: number): CircuitState => ({ ...FRESH_CIRCUIT, open: { sinceMs: 0, untilMs } });
const gatedUntil = (gatedUntilMs: number): CircuitState => ({ ...FRESH_CIRCUIT, gatedUntilMs });

function eligible(circuits: Record<string, CircuitState>, nowMs = 100) {
  const candidates = Object.keys(circuits).map((id) => ({ id }));
  return eligibleCandidates(candidates, nowMs, { circuitOf: (id) => circuits[id] ?? FRESH_CIRCUIT, limits });
}

describe('eligible candidates', () => {
  it('are all of them when nothing speaks against any', () => {
    expect(eligible({ a: FRESH_CIRCUIT, b: FRESH_CIRCUIT })).toEqual({
      eligible: [{ id: 'a' }, { id: 'b' }],
      excluded: [],
      lastResort: null,
    });
  });

  it('leave out the blocked ones and say why', () => {
    const probing = { ...openUntil(50), probeSinceMs: 90 };
    expect(eligible({ a: openUntil(900), b: FRESH_CIRCUIT, c: gatedUntil(200), d: probing })).toEqual({
      eligible: [{ id: 'b' }],
      excluded: [
        { id: 'a', reason: 'breaker_open' },
        { id: 'c', reason: 'retry_after' },
        { id: 'd', reason: 'probe_in_flight' },
      ],
      lastResort: null,
    });
  });

  it('keep the one that is due back first when all would go', () => {
    expect(eligible({ a: openUntil(900), b: gatedUntil(700), c: openUntil(800) })).toEqual({
      eligible: [{ id: 'b' }],
      excluded: [
        { id: 'a', reason: 'breaker_open' },
        { id: 'c', reason: 'breaker_open' },
      ],
      lastResort: 'b',
    });
  });

  it('keep the lower id when two are due back together', () => {
    expect(eligible({ b: openUntil(900), a: openUntil(900) }).lastResort).toBe('a');
  });

  it('are none when none were given', () => {
    expect(eligible({})).toEqual({ eligible: [], excluded: [], lastResort: null });
  });
});
