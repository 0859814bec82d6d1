import { RejectedAppendError } from '../event-log.errors.js';
import { describeEventLog } from '../event-log.suite.js';
import { makeRecord } from '../log-records.suite.js';
import { describeReplicaLog } from '../replica-log.suite.js';
import { MemoryEventLog } from './memory.event-log.js';

const clock = { epochMs: () => Date.now(), monotonicMs: () => performance.now() };

describeEventLog({
  name: 'the log in memory',
  traits: { durable: false, brokered: false, shared: false },
  open: () => {
    const log = new MemoryEventLog(clock);
    return Promise.resolve({
      log,
      failNext: (fault) => log.failNext(fault),
      stall: () => log.stall(),
      resume: () => log.resume(),
      close: () => log.close(),
    });
  },
});

describeReplicaLog('the log in memory', () => Promise.resolve(new MemoryEventLog(clock)));

describe('the log in memory', () => {
  it('fails as told, one append per fault', async () => {
    const log = new MemoryEventLog(clock);
    log.failNext('rejected');
    log.failNext('rejected');
    await expect(log.append([makeRecord()])).rejects.toThrow(RejectedAppendError);
    await expect(log.append([makeRecord()])).rejects.toThrow(RejectedAppendError);
    await expect(log.append([makeRecord()])).resolves.toHaveLength(1);
  });

  it('keeps its own copy of what was appended', async () => {
    const log = new MemoryEventLog(clock);
    const headers: Record<string, string> = { ce_id: 'e' };
    const record = { ...makeRecord(), headers };
    await log.append([record]);
    headers['ce_id'] = 'changed';
    expect((await log.read(0, 0n)).events[0]?.headers).toEqual({ ce_id: 'e' });
  });
});
