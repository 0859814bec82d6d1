import type { ColumnType, ColumnValue } from './column-kinds.js';

/** Columns by name. */
export type Columns = Readonly<Record<string, ColumnType>>;
type Names<Shape extends Columns> = readonly (keyof Shape & string)[];

/** One table of every generation of the read models. */
export interface ReadTable<Shape extends Columns = Columns> {
  readonly name: string;
  /** In camelCase; the columns in the database have the same names in snake_case. */
  readonly columns: Shape;
  /** Primary key; rows that evolve are looked up by it. */
  readonly key: readonly string[];
  readonly unique?: readonly (readonly string[])[];
  readonly indexes?: readonly (readonly string[])[];
  /**
   * Whose rows a gateway sees: those of the tenant it acts for (`tenant`; the table needs a `tenantId`), or all,
   * because routing weighs providers before it acts for anybody (`every-tenant`).
   */
  readonly readableBy: 'tenant' | 'every-tenant';
}

/** A row with these columns, as TypeScript sees it. */
export type Row<Shape extends Columns> = { readonly [Name in keyof Shape]: ColumnValue<Shape[Name]> };
/** A row of this table. */
export type RowOf<Table> = Table extends ReadTable<infer Shape> ? Row<Shape> : never;

interface Definition<Shape extends Columns> extends ReadTable<Shape> {
  readonly key: Names<Shape>;
  readonly unique?: readonly Names<Shape>[];
  readonly indexes?: readonly Names<Shape>[];
}

/** Declares a read table; columns, keys and row type have this one source. */
export function defineReadTable<const Shape extends Columns>(table: Definition<Shape>): ReadTable<Shape> {
  if (table.readableBy === 'tenant' && !('tenantId' in table.columns)) {
    throw new Error(`Read table ${table.name} is readable by tenant but has no tenantId.`);
  }
  return table;
}

/** `requestId` → `request_id`. */
const columnName = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
/** Quoted, because some names are words of SQL. */
export const quotedColumn = (name: string): string => `"${columnName(name)}"`;

/** Type of a column. @throws Error when the table has none of that name. */
export function columnType(table: ReadTable, name: string): ColumnType {
  const type = table.columns[name];
  if (type === undefined) throw new Error(`Read table ${table.name} has no column ${name}.`);
  return type;
}
