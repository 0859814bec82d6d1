import type { ClientBase } from 'pg';
import { quotedColumn, type ReadTable } from '../table/define-read-table.js';
import type { Generation } from './generation.js';

/** One table of two generations, side by side. */
export interface TableComparison {
  readonly table: string;
  readonly equal: boolean;
  readonly liveRows: number;
  readonly shadowRows: number;
  /** MD5 over the MD5s of all rows' text, sorted. */
  readonly liveChecksum: string;
  readonly shadowChecksum: string;
  /** Keys of the first rows that only one of the two has, as JSON; empty when equal. */
  readonly differingKeys: readonly string[];
}

const DIFFERENCES_SHOWN = 5;

/**
 * Compares every table byte for byte, as the client's transaction sees them: open a repeatable-read one while the
 * cursors of both generations stand at the same offsets.
 */
export async function compareTables(
  client: ClientBase,
  generations: { readonly live: Generation; readonly shadow: Generation },
  tables: readonly ReadTable[],
): Promise<TableComparison[]> {
  const comparisons: TableComparison[] = [];
  for (const table of tables) comparisons.push(await compareTable(client, generations, table));
  return comparisons;
}

async function compareTable(
  client: ClientBase,
  { live, shadow }: { readonly live: Generation; readonly shadow: Generation },
  table: ReadTable,
): Promise<TableComparison> {
  const here = await checksum(client, `${live.schema}.${table.name}`);
  const there = await checksum(client, `${shadow.schema}.${table.name}`);
  const equal = here.rows === there.rows && here.checksum === there.checksum;
  return {
    table: table.name,
    equal,
    liveRows: here.rows,
    shadowRows: there.rows,
    liveChecksum: here.checksum,
    shadowChecksum: there.checksum,
    differingKeys: equal ? [] : await differingKeys(client, table, [live.schema, shadow.schema]),
  };
}

/** In buckets by the first digits of the rows' own sums, because one aggregate over all rows could outgrow memory. */
async function checksum(client: ClientBase, table: string): Promise<{ rows: number; checksum: string }> {
  const { rows } = await client.query<{ rows: string; checksum: string }>(
    `select coalesce(sum(rows), 0)::text as rows, md5(coalesce(string_agg(sum, '' order by bucket), '')) as checksum
       from (select left(row_sum, 3) as bucket, count(*) as rows, md5(string_agg(row_sum, '' order by row_sum)) as sum
               from (select md5(t::text) as row_sum from ${table} t) r group by 1) b`,
  );
  const [result] = rows;
  return { rows: Number(result?.rows), checksum: result?.checksum ?? '' };
}

async function differingKeys(
  client: ClientBase,
  table: ReadTable,
  schemas: readonly [string, string],
): Promise<string[]> {
  const key = table.key.map((name) => `t.${quotedColumn(name)}`).join(', ');
  const [one, other] = schemas.map(
    (schema) => `select json_build_array(${key})::text as key, t::text from ${schema}.${table.name} t`,
  );
  const { rows } = await client.query<{ key: string }>(
    `select distinct key from ((${one} except ${other}) union all (${other} except ${one})) d order by key limit $1`,
    [DIFFERENCES_SHOWN],
  );
  return rows.map((row) => row.key);
}
