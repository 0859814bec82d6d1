import { RecoveryHorizon } from './recovery-horizon.js';

describe('how far back recovery could look', () => {
  it('is the beginning until requests that were open at a checkpoint have ended', () => {
    const horizon = new RecoveryHorizon();

    expect(horizon.advance({ sequence: 10, open: ['a', 'b'] })).toBe(0);
    expect(horizon.advance({ sequence: 20, open: ['b', 'c'] })).toBe(0);
    expect(horizon.advance({ sequence: 30, open: ['c'] })).toBe(10);
  });

  it('moves from checkpoint to checkpoint, never past one whose requests are open', () => {
    const horizon = new RecoveryHorizon();
    horizon.advance({ sequence: 10, open: [] });

    expect(horizon.advance({ sequence: 20, open: ['c'] })).toBe(10);
    expect(horizon.advance({ sequence: 30, open: ['c'] })).toBe(10);
    expect(horizon.advance({ sequence: 40, open: ['d'] })).toBe(20);
    expect(horizon.advance({ sequence: 50, open: [] })).toBe(40);
  });
});
