import { FreeProcessors, type ProcessorTimes } from './free-processors.js';

const reading = (times: Partial<ProcessorTimes>): ProcessorTimes => ({
  processors: 2,
  all: 0,
  idle: 0,
  own: 0,
  ...times,
});

function freeOf(...readings: ProcessorTimes[]): FreeProcessors {
  return new FreeProcessors(() => readings.shift() ?? reading({}));
}

describe('processors that others leave', () => {
  it('are those that are idle', () => {
    const free = freeOf(reading({}), reading({ all: 400, idle: 300 }), reading({ all: 800, idle: 300 }));

    expect([free.latest(), free.latest()]).toEqual([1.5, 0]);
  });

  it('and those that the projector itself keeps busy, with the database that it writes to', () => {
    const free = freeOf(reading({}), reading({ all: 400, idle: 100, own: 100 }));

    expect(free.latest()).toBe(1.75);
  });

  it('stay as they were until enough time has passed to tell', () => {
    const free = freeOf(reading({}), reading({ all: 200 }), reading({ all: 400 }));

    expect([free.latest(), free.latest()]).toEqual([Number.POSITIVE_INFINITY, 0]);
  });

  it('are without end where the system does not tell', () => {
    expect(freeOf(reading({ processors: 0 }), reading({ processors: 0 })).latest()).toBe(Number.POSITIVE_INFINITY);
  });
});
