import type { ClientBase } from 'pg';
import { quotedColumn, type ReadTable } from '../table/define-read-table.js';
import type { Generation } from './generation.js';

/** One table of two generations, side by side. */
export interface TableComparison {
  readonly table: string;
  readonly equal: boolean;
  readonly liveRows: number;
  readonly shadowRows: number;
  /** Equal when the same rows' text stands in both, in whatever order; comparable within one server. */
  readonly liveChecksum: string;
  readonly shadowChecksum: string;
  /** Keys of the first rows that only one of the two has, as JSON; empty when equal. */
  readonly differingKeys: readonly string[];
}

const DIFFERENCES_SHOWN = 5;

/** Connections whose transactions see the same snapshot: what is read of live and shadow tables is read at once. */
export interface SnapshotReaders {
  readonly live: ClientBase;
  readonly shadow: ClientBase;
}

/**
 * Compares a table byte for byte, as the readers' transactions see it: open repeatable-read ones while the cursors of
 * both generations stand at the same offsets.
 */
export async function compareTable(
  readers: SnapshotReaders,
  { live, shadow }: { readonly live: Generation; readonly shadow: Generation },
  table: ReadTable,
): Promise<TableComparison> {
  const [here, there] = await Promise.all([
    checksum(readers.live, `${live.schema}.${table.name}`),
    checksum(readers.shadow, `${shadow.schema}.${table.name}`),
  ]);
  const equal = here.rows === there.rows && here.checksum === there.checksum;
  return {
    table: table.name,
    equal,
    liveRows: here.rows,
    shadowRows: there.rows,
    liveChecksum: here.checksum,
    shadowChecksum: there.checksum,
    differingKeys: equal ? [] : await differingKeys(readers.live, table, [live.schema, shadow.schema]),
  };
}

/**
 * A sum of the rows' hashes, twice with different seeds, needs no order: sorted MD5s took three times the processor.
 * PostgreSQL adds 64-bit numbers up without a bound.
 */
async function checksum(client: ClientBase, table: string): Promise<{ rows: number; checksum: string }> {
  const { rows } = await client.query<{ rows: string; checksum: string }>(
    `select count(*)::text as rows,
            md5(concat_ws(' ', sum(hashtextextended(row, 1)), sum(hashtextextended(row, 2)))) as checksum
       from (select t::text as row from ${table} t offset 0) r`, // the offset has each text made once
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
