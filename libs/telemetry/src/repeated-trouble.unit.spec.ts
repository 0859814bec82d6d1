import { jest } from '@jest/globals';
import { pino } from 'pino';
import { RepeatedTrouble } from './repeated-trouble.js';

describe('trouble that comes again and again', () => {
  let lines: Record<string, unknown>[];
  let trouble: RepeatedTrouble;
  const messages = (): unknown[] => lines.splice(0).map(({ msg }) => msg);
  beforeEach(() => {
    jest.useFakeTimers();
    lines = [];
    const write = (line: string): void => void lines.push(JSON.parse(line) as Record<string, unknown>);
    trouble = new RepeatedTrouble('Kafka', pino({}, { write }));
  });
  afterEach(() => jest.useRealTimers());

  it('is told once for each kind, then as a number for each minute', () => {
    for (let times = 0; times < 400; times += 1) trouble.tell(`connect ECONNREFUSED 10.0.0.${times}`, { broker: 'b' });
    trouble.tell('authentication failed');
    expect(lines[0]).toMatchObject({ broker: 'b', level: 40 });
    expect(messages()).toEqual(['connect ECONNREFUSED 10.0.0.0', 'authentication failed']);

    jest.advanceTimersByTime(60_000);
    expect(lines).toMatchObject([
      { times: 401, kinds: { 'authentication failed': 1 }, msg: 'Kafka: still in trouble' },
    ]);
    lines = [];
    trouble.tell('connect ECONNREFUSED 10.0.0.1');
    jest.advanceTimersByTime(60_000);
    expect(lines).toMatchObject([{ times: 1, kinds: { 'connect ECONNREFUSED #.#.#.#': 1 } }]);
  });

  it('is over after a minute without it, and then told anew', () => {
    trouble.tell('away');
    jest.advanceTimersByTime(180_000);
    expect(messages()).toEqual(['away', 'Kafka: still in trouble', 'Kafka: back again']);
    trouble.tell('away');
    expect(messages()).toEqual(['away']);
  });

  it('is over when somebody says so, once, and only if there was any', () => {
    trouble.over();
    trouble.tell('away');
    trouble.tell('away');
    trouble.over();
    trouble.over();
    expect(lines.at(-1)).toMatchObject({ times: 2, level: 30 });
    expect(messages()).toEqual(['away', 'Kafka: back again']);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('tells errors of another kind apart, and does not tell of kinds without end', () => {
    trouble.tell('interrupted', { err: new TypeError('one') });
    trouble.tell('interrupted', { err: new RangeError('two') });
    trouble.tell('interrupted', { err: new TypeError('three') });
    expect(messages()).toHaveLength(2);
    for (let times = 0; times < 100; times += 1) trouble.tell(`kind ${'x'.repeat(times)}`);
    expect(messages()).toHaveLength(15);
  });
});
