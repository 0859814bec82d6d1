import { hash } from 'node:crypto';
import { DATABASE_LOGINS } from '#persistence';
import type { ClientBase, Pool } from 'pg';
import type { Projection } from '../fold/define-projection.js';
import { createCursorSql } from '../fold/projection-cursor.js';
import { ReadModelsOutdatedError } from '../read-models.errors.js';
import { createTableSql } from '../table/create-table-sql.js';

const { gateway, projector } = DATABASE_LOGINS;

/** `building` until it is flipped to, `live` while the views show it, `retired` once another one took its place. */
export type GenerationState = 'building' | 'live' | 'retired';

/** One complete set of read tables, in a schema of its own. */
export interface Generation {
  readonly number: number;
  readonly schema: string;
  readonly state: GenerationState;
  /** Tables and projection versions that it was made for. */
  readonly fingerprint: string;
}

/** Where the registry and the views are; every query goes through them. */
export const VIEW_SCHEMA = 'read';

/** Schema of a generation. */
export const schemaOf = (number: number): string => `read_${number}`;

/** Equal for two releases when the same facts give the same rows in the same tables. */
export function fingerprintOf(projections: readonly Projection[]): string {
  const shape = projections.map(({ name, version, tables }) => ({ name, version, tables }));
  return hash('sha256', JSON.stringify(shape)).slice(0, 16);
}

/** DDL of the registry, for the first migration. */
export function createRegistrySql(): string[] {
  return [
    `create schema ${VIEW_SCHEMA}`,
    `grant usage on schema ${VIEW_SCHEMA} to ${projector}, ${gateway}`,
    `create table ${VIEW_SCHEMA}.generation (
       number integer primary key,
       state text not null check (state in ('building', 'live', 'retired')),
       fingerprint text not null,
       retired_at timestamptz
     )`,
    `create unique index on ${VIEW_SCHEMA}.generation (state) where state <> 'retired'`,
    `grant select on ${VIEW_SCHEMA}.generation to ${projector}, ${gateway}`,
  ];
}

/** DDL of one generation: schema, cursors, tables under forced row-level security. */
export function createGenerationSql(
  generation: { readonly number: number; readonly state: GenerationState },
  projections: readonly Projection[],
): string[] {
  const schema = schemaOf(generation.number);
  return [
    `create schema ${schema}`,
    `grant usage on schema ${schema} to ${projector}, ${gateway}`,
    ...createCursorSql(schema),
    ...projections.flatMap(({ tables }) => tables).flatMap((table) => createTableSql(schema, table)),
    `insert into ${VIEW_SCHEMA}.generation (number, state, fingerprint)
       values (${generation.number}, '${generation.state}', '${fingerprintOf(projections)}')`,
  ];
}

/** Points the views at a generation. Readers' own rights apply behind them, so row-level security holds. */
export function createViewsSql(number: number, projections: readonly Projection[]): string[] {
  const tables = projections.flatMap((projection) => projection.tables).map(({ name }) => name);
  return ['projection_cursor', ...tables].flatMap((name) => [
    `drop view if exists ${VIEW_SCHEMA}.${name}`,
    `create view ${VIEW_SCHEMA}.${name} with (security_invoker = true) as select * from ${schemaOf(number)}.${name}`,
    `grant select on ${VIEW_SCHEMA}.${name} to ${gateway}`,
  ]);
}

/** Every generation there is, oldest first. */
export async function readGenerations(client: ClientBase): Promise<Generation[]> {
  const { rows } = await client.query<Omit<Generation, 'schema'>>(
    `select number, state, fingerprint from ${VIEW_SCHEMA}.generation order by number`,
  );
  return rows.map((row) => ({ ...row, schema: schemaOf(row.number) }));
}

/** Whether another generation has taken this one's place. */
export async function isRetired(client: ClientBase, schema: string): Promise<boolean> {
  const generations = await readGenerations(client);
  return generations.some((generation) => generation.schema === schema && generation.state === 'retired');
}

/** The generation that the views show. */
export async function readLiveGeneration(client: ClientBase): Promise<Generation> {
  const live = (await readGenerations(client)).find(({ state }) => state === 'live');
  if (live === undefined) throw new Error('There is no live generation of the read models: run "overture migrate".');
  return live;
}

/**
 * The live generation, for a projector to fold into.
 * @throws ReadModelsOutdatedError when it was made for other projections than these.
 */
export async function openLiveGeneration(pool: Pool, projections: readonly Projection[]): Promise<Generation> {
  const client = await pool.connect();
  try {
    const live = await readLiveGeneration(client);
    if (live.fingerprint !== fingerprintOf(projections)) throw new ReadModelsOutdatedError(live.number);
    return live;
  } finally {
    client.release();
  }
}
