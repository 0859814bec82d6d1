import type { EntityManager } from '@mikro-orm/postgresql';
import { TABLES } from '../world/read-database.js';
import type { World } from '../world/world.js';

const NAMES = Object.keys(TABLES.get('posterior')!.columns);
const at = (name: string): number => NAMES.indexOf(name);
const [CELL, CANDIDATE, PARTITION, NEXT, TICK] = ['cell', 'candidate', 'partition', 'nextOffset', 'tick'].map(at) as [
  number,
  number,
  number,
  number,
  number,
];
/** There is no rebuild. */
const GENERATION = 1;
const SUMS = {
  successes: 'successes',
  failures: 'failures',
  reward_count: 'rewardCount',
  reward_sum: 'rewardSum',
  reward_sum_squares: 'rewardSumSquares',
};

/** The one query of the posteriors' feed, answered by the simulated database in one snapshot. */
export function posteriorReader(world: World): EntityManager {
  const execute = (_: string, { since }: { since: string }): Promise<object[]> =>
    world.network.call(world.database.server, () => changed(world, JSON.parse(since) as Record<string, string>));
  const em = { fork: () => em, execute };
  return em as unknown as EntityManager;
}

function changed({ database }: World, since: Readonly<Record<string, string>>): object[] {
  const found: object[] = [{ generation: GENERATION, partition: null }];
  for (const [partition, { next }] of database.cursors) {
    const known = BigInt(since[partition] ?? 0);
    if (next <= known) continue;
    const version = { generation: GENERATION, partition, version: String(next) };
    const rows = [...database.rowsOf('posterior').values()].filter(
      (row) => Number(row[PARTITION]) === partition && BigInt(row[NEXT]!) > known,
    );
    if (rows.length === 0) found.push({ ...version, cell: null });
    for (const row of rows) {
      const sums = Object.entries(SUMS).map(([name, column]) => [name, Number(row[at(column)])]);
      found.push({
        ...version,
        cell: row[CELL],
        candidate: row[CANDIDATE],
        row_offset: row[NEXT],
        tick: Number(row[TICK]),
        ...(Object.fromEntries(sums) as object),
      });
    }
  }
  return found;
}
