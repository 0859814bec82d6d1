import { restMs } from './pace.js';

const light = { busyMs: 12, isBacklog: false, lagMs: 40, freeProcessors: 1.8 };
const burst = { busyMs: 80, isBacklog: true, lagMs: 2_000, freeProcessors: 0.2 };

describe('rest of the projector after a batch', () => {
  it('grows with the work, between a floor and a ceiling', () => {
    expect([0, 2, 12, 500].map((busyMs) => restMs({ ...light, busyMs }))).toEqual([10, 10, 36, 100]);
  });

  it('is none in a backlog where a processor is free', () => {
    expect(restMs({ ...burst, freeProcessors: 1.2 })).toBe(0);
  });

  it('leaves a full machine to those who answer, for half a second at most: the burst may end', () => {
    expect(restMs(burst)).toBe(480);
    expect(restMs({ ...burst, busyMs: 900 })).toBe(500);
    expect(restMs({ ...light, freeProcessors: 0 })).toBe(72);
  });

  it('is none once the projections are ten seconds old, however full the machine', () => {
    expect(restMs({ ...burst, lagMs: 10_000 })).toBe(0);
  });
});
