import { ClosedLogError } from '../event-log.errors.js';
import type { CompactedTable, TableEntry, TableFollower, TableRow } from './compacted-table.port.js';

export interface TableAdapter {
  readonly name: string;
  /** An empty table. */
  open(): Promise<CompactedTable>;
}

export const row = (partition: number, key: string, value: string): TableRow => ({ partition, key, value });

/** Everything up to a row, in the order in which it came. */
export async function readUntil(follower: TableFollower, last: TableEntry): Promise<TableEntry[]> {
  const read: TableEntry[] = [];
  const isLast = ({ key, value }: TableEntry): boolean => key === last.key && value === last.value;
  while (!read.some(isLast)) read.push(...(await follower.next()));
  return read;
}

/** What a reader who keeps the last value of every key knows. */
export const lastValues = (rows: readonly TableEntry[]): Map<string, string> =>
  new Map(rows.map(({ key, value }) => [key, value]));

/** What every adapter of a compacted table does. */
export function describeCompactedTable({ name, open }: TableAdapter): void {
  describe(name, () => {
    let table: CompactedTable;
    beforeEach(async () => void (table = await open()));
    afterEach(() => table.close());

    it('gives a follower what is there, in order, and then what comes', async () => {
      await table.publish([row(3, '3/a', '1'), row(3, '3/b', '1')]);
      await table.publish([row(3, '3/a', '2')]);
      const follower = table.follow();
      expect(await readUntil(follower, row(3, '3/a', '2'))).toHaveLength(3);

      await table.publish([row(3, '3/b', '2')]);

      expect(await readUntil(follower, row(3, '3/b', '2'))).toMatchObject([{ key: '3/b', value: '2' }]);
    });

    it('leaves every key with its last value, whichever were dropped before it', async () => {
      for (const value of ['1', '2', '3']) {
        await table.publish([row(3, '3/a', value), row(11, '11/a', value), row(60, '60/a', value)]);
      }
      await table.publish([row(3, '3/end', '')]);
      const [one, other] = [table.follow(), table.follow()];
      const seen = await readUntil(one, row(3, '3/end', ''));
      const rest = seen.some(({ key, value }) => key === '60/a' && value === '3')
        ? []
        : await readUntil(one, row(60, '60/a', '3'));

      expect(lastValues([...seen, ...rest])).toEqual(
        new Map([
          ['3/a', '3'],
          ['11/a', '3'],
          ['60/a', '3'],
          ['3/end', ''],
        ]),
      );
      expect((await readUntil(other, row(60, '60/a', '3'))).length).toBeGreaterThan(0);
    });

    it('gives the rows of one publication together', async () => {
      const follower = table.follow();
      const many = Array.from({ length: 500 }, (_, index) => row(7, `7/${index}`, 'x'.repeat(1_000)));
      const publishing = table.publish(many);
      const first = await waitFor(follower);
      await publishing;

      expect(first.map(({ key }) => key)).toEqual(many.map(({ key }) => key));
    });

    it('keeps the order of calls that do not wait for one another', async () => {
      await Promise.all(['1', '2', '3', '4'].map((value) => table.publish([row(5, '5/a', value)])));
      const read = await readUntil(table.follow(), row(5, '5/a', '4'));

      expect(read.map(({ value }) => value)).toEqual(['1', '2', '3', '4']);
    });

    it('publishes nothing at all without a complaint', async () => {
      await expect(table.publish([])).resolves.toBeUndefined();
    });

    it('ends whoever waits when it is closed', async () => {
      const [closed, left] = [table.follow(), table.follow()];
      const waiting = [waitFor(closed), waitFor(left)].map((each) => each.catch((error: unknown) => error));
      await closed.close();
      await table.close();

      for (const each of await Promise.all(waiting)) expect(each).toBeInstanceOf(ClosedLogError);
      await expect(table.publish([row(1, '1/a', '1')])).rejects.toThrow(ClosedLogError);
    });
  });
}

/** The next rows, however long it takes. */
export async function waitFor(follower: TableFollower): Promise<readonly TableEntry[]> {
  for (;;) {
    const rows = await follower.next();
    if (rows.length > 0) return rows;
  }
}
