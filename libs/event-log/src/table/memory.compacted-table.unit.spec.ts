import { LogUnavailableError } from '../event-log.errors.js';
import { describeCompactedTable, row } from './compacted-table.suite.js';
import { MemoryCompactedTable } from './memory.compacted-table.js';

describeCompactedTable({ name: 'a table in memory', open: () => Promise.resolve(new MemoryCompactedTable()) });

describe('a table in memory that is away', () => {
  it('fails those who ask, and goes on with them when it is back', async () => {
    const table = new MemoryCompactedTable();
    const follower = table.follow();
    const waiting = follower.next();
    table.setAway(true);

    await expect(waiting).rejects.toThrow(LogUnavailableError);
    await expect(table.publish([row(1, '1/a', '1')])).rejects.toThrow(LogUnavailableError);
    table.setAway(false);
    await table.publish([row(1, '1/a', '1')]);

    expect(await follower.next()).toEqual([row(1, '1/a', '1')]);
  });
});
