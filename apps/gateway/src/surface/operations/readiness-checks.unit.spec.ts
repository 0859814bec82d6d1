import { Clock } from '#contracts';
import type { Budget } from '#ledger';
import { BudgetDirectory } from '../../feeds/budget-directory.js';
import { DatabaseContact } from '../../feeds/database-contact.js';
import { OverloadGate } from '../overload-gate.js';
import { readinessChecks } from './readiness-checks.js';

class SetClock extends Clock {
  nowMs = 1_000_000;
  epochMs(): number {
    return this.nowMs;
  }
  monotonicMs(): number {
    return this.nowMs;
  }
}

const BUDGET: Budget = { id: 'b', name: 'all', scope: 'project', scopeId: 'p', period: 'total', limitNanoUsd: 1n };

describe('a gateway is ready', () => {
  let clock: SetClock;
  let overload: OverloadGate;
  let directory: BudgetDirectory;
  let database: DatabaseContact;
  let ofJournal: string | null;
  const problems = (): Record<string, string> =>
    Object.fromEntries(
      readinessChecks({ overload, durable: { problem: () => ofJournal }, database, directory }).flatMap(
        ({ name, problem }) => {
          const found = problem();
          return found === null ? [] : [[name, found]];
        },
      ),
    );
  beforeEach(() => {
    clock = new SetClock();
    overload = new OverloadGate(1, { isFull: () => false, isFailing: () => false, whenFull: '' });
    directory = new BudgetDirectory();
    database = new DatabaseContact(clock);
    ofJournal = null;
  });
  afterEach(() => overload.close());

  it('while nothing is in the way', () => {
    directory.replaceAll([BUDGET]);
    expect(problems()).toEqual({});
  });

  it('not any more once it was told to stop, while it still answers', () => {
    overload.announceStop();
    expect(() => overload.check()).not.toThrow();
    expect(problems()).toEqual({ stop: expect.stringContaining('told to stop') });
    overload.startDraining();
    expect(problems()).toHaveProperty('stop');
  });

  it('not while nothing can be recorded', () => {
    ofJournal = 'the disk is full';
    expect(problems()).toEqual({ journal: 'the disk is full' });
  });

  it('not when the authority over budgets is silent for longer than a lease, until it is heard again', async () => {
    directory.replaceAll([BUDGET]);
    let failure: Error | null = null;
    const source = database.heardBy({
      name: 'budgets',
      refresh: () => (failure === null ? Promise.resolve() : Promise.reject(failure)),
    });
    clock.nowMs += 20_000;
    await source.refresh();
    clock.nowMs += 30_000;
    expect([problems(), database.isUp]).toEqual([{}, false]);
    clock.nowMs += 1_000;
    failure = new Error('connection refused');
    await expect(source.refresh()).rejects.toThrow(failure);
    expect(problems()).toEqual({ budgets: expect.stringContaining('silent for 31 s') });

    failure = null;
    await source.refresh();
    expect([problems(), database.isUp]).toEqual([{}, true]);
  });

  it('without the authority, where no budget asks for it', () => {
    clock.nowMs += 3_600_000;
    expect(problems()).toEqual({});
  });
});
