import type { ClientBase } from 'pg';
import { auditLog } from '../audit-log/audit-log.entity.js';
import { loadRows } from '../table/load-rows.js';
import { writeRows } from '../table/write-rows.js';
import { collectRows, type Dispatch } from './collect-rows.js';
import type { LoggedFact } from './define-projection.js';
import { advanceCursors, type CursorMove } from './projection-cursor.js';
import { evolveRows, keyText, type RowBatch } from './row-batch.js';

/** A run of events of one partition, decoded, with the cursor's move over it. */
export interface Slice extends CursorMove {
  readonly facts: readonly LoggedFact[];
}

interface Target {
  readonly schema: string;
  readonly dispatch: Dispatch;
}

/**
 * Folds slices into a generation's tables within the caller's transaction: cursors first, then the audit rows, which
 * tell repeated events from new ones, then everything else.
 * @throws CursorFencedError
 */
export async function applyBatch(
  client: ClientBase,
  { schema, dispatch }: Target,
  slices: readonly Slice[],
): Promise<void> {
  await advanceCursors(client, schema, slices);
  const facts = slices.flatMap((slice) => slice.facts);
  const rows = collectRows(dispatch, facts);
  const repeated = await recordEvents(client, schema, rows);
  const effective =
    repeated === null
      ? rows
      : collectRows(
          dispatch,
          facts.filter((fact) => !repeated(fact)),
        );

  await writeAppended(client, schema, effective);
  await writeEvolved(client, schema, effective);
}

/** Writes the audit rows. Null when every event was new; else a test for the ones that were not. */
async function recordEvents(
  client: ClientBase,
  schema: string,
  rows: RowBatch,
): Promise<((fact: LoggedFact) => boolean) | null> {
  const recorded = rows.appendedTo(auditLog);
  if (recorded.length === 0) return null;
  const target = { schema, table: auditLog, onConflict: { columns: ['eventId'], action: 'skip' } } as const;
  if ((await writeRows(client, target, recorded)) === recorded.length) return null;

  const { rows: firsts } = await client.query<{ event_id: string; place: string }>(
    `select event_id::text, partition || ':' || log_offset as place
       from "${schema}".audit_log where event_id = any($1::uuid[])`,
    [recorded.map(({ eventId }) => eventId)],
  );
  const placeOf = new Map(firsts.map(({ event_id, place }) => [event_id, place]));
  return ({ id, partition, offset }) => placeOf.get(id) !== `${partition}:${offset}`;
}

async function writeAppended(client: ClientBase, schema: string, batch: RowBatch): Promise<void> {
  const rest = [...batch.appended()].filter(([table]) => table !== auditLog);
  for (const [table, rows] of rest) await writeRows(client, { schema, table }, rows);
}

async function writeEvolved(client: ClientBase, schema: string, batch: RowBatch): Promise<void> {
  for (const [table, evolutions] of batch.evolving()) {
    const keys = [...evolutions.values()].map(({ key }) => key);
    const before = await loadRows(client, { schema, table }, keys);
    const after = evolveRows(evolutions, new Map(before.map((row) => [keyText(table, row), row])));
    if (after.length === 0) continue;
    await writeRows(client, { schema, table, onConflict: { columns: table.key, action: 'replace' } }, after);
  }
}
