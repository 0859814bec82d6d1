import { DATABASE_LOGINS, grantSql } from '#persistence';
import type { ClientBase } from 'pg';
import { CursorFencedError } from '../read-models.errors.js';

const TABLE = 'projection_cursor';

/** How far a generation has folded one partition. */
export interface Cursor {
  readonly nextOffset: bigint;
  /** Raised by whoever takes the partition; a writer with an older one is fenced off. */
  readonly epoch: bigint;
}

/** A cursor's way through one batch. */
export interface CursorMove {
  readonly partition: number;
  readonly from: bigint;
  readonly next: bigint;
  readonly epoch: bigint;
}

/** DDL of a generation's cursors. They stand beside the tables, so that dropping a schema forgets both. */
export function createCursorSql(schema: string): string[] {
  const { gateway, projector } = DATABASE_LOGINS;
  return [
    `create table "${schema}".${TABLE} (
       partition integer primary key,
       next_offset bigint not null default 0,
       epoch bigint not null default 1,
       halted text
     )`,
    grantSql({ schema, table: TABLE, login: projector, privileges: ['select', 'insert', 'update'] }),
    grantSql({ schema, table: TABLE, login: gateway, privileges: ['select'] }),
  ];
}

/** Takes partitions over from whoever had them: from now on only this taker's moves are accepted. */
export async function takePartitions(
  client: ClientBase,
  schema: string,
  partitions: readonly number[],
): Promise<Map<number, Cursor>> {
  const { rows } = await client.query<{ partition: number; next_offset: string; epoch: string }>(
    `insert into "${schema}".${TABLE} as c (partition) select unnest($1::integer[]) order by 1
     on conflict (partition) do update set epoch = c.epoch + 1, halted = null
     returning partition, next_offset::text, epoch::text`,
    [partitions],
  );
  return new Map(rows.map((row) => [row.partition, { nextOffset: BigInt(row.next_offset), epoch: BigInt(row.epoch) }]));
}

/**
 * Moves every cursor of a batch, or throws. Comes first in its transaction: the rows stay locked until it ends, so no
 * one else can fold the same events meanwhile.
 * @throws CursorFencedError when a cursor is not where this writer left it.
 */
export async function advanceCursors(client: ClientBase, schema: string, moves: readonly CursorMove[]): Promise<void> {
  const { rowCount } = await client.query({
    name: `advance ${schema}`,
    text: `update "${schema}".${TABLE} c set next_offset = m.next_offset
             from unnest($1::integer[], $2::bigint[], $3::bigint[], $4::bigint[])
                    m(partition, "from", next_offset, epoch)
            where c.partition = m.partition and c.next_offset = m."from" and c.epoch = m.epoch`,
    values: [
      moves.map(({ partition }) => partition),
      moves.map(({ from }) => from),
      moves.map(({ next }) => next),
      moves.map(({ epoch }) => epoch),
    ],
  });
  if (rowCount !== moves.length) throw new CursorFencedError(schema);
}

/** Leaves the reason why a partition stands still where operators and gateways see it. */
export async function markHalted(
  client: ClientBase,
  schema: string,
  halt: { readonly partition: number; readonly epoch: bigint; readonly reason: string },
): Promise<void> {
  await client.query(`update "${schema}".${TABLE} set halted = $3 where partition = $1 and epoch = $2`, [
    halt.partition,
    halt.epoch,
    halt.reason,
  ]);
}

/** Nobody moves a cursor or takes a partition until the transaction ends. Reading goes on. */
export async function lockCursors(client: ClientBase, schema: string): Promise<void> {
  await client.query(`lock table "${schema}".${TABLE} in share row exclusive mode`);
}

/** Where every partition of a generation stands. */
export async function readCursors(client: ClientBase, schema: string): Promise<Map<number, bigint>> {
  const { rows } = await client.query<{ partition: number; next_offset: string }>(
    `select partition, next_offset::text from "${schema}".${TABLE} order by partition`,
  );
  return new Map(rows.map((row) => [row.partition, BigInt(row.next_offset)]));
}

/** Fences off every writer of a generation. */
export async function fenceCursors(client: ClientBase, schema: string): Promise<void> {
  await client.query(`update "${schema}".${TABLE} set epoch = epoch + 1`);
}
