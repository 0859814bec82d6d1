/** How values of one kind are typed in PostgreSQL and written as text on the way there and back. */
interface ColumnKind<Value> {
  readonly sql: string;
  encode(value: Value): string;
  decode(text: string): Value;
  /** Expression that selects a column of this kind as text. */
  select(column: string): string;
}

/** Ends a value in a column of values; see `encodeColumn`. */
export const SEPARATOR = '\x1e';
/** Stands for NULL in a column of values. */
export const NULL_MARK = '\x1f';

// Callers choose model names and user ids: PostgreSQL refuses NUL in text, and the marks above would be misread.
const UNSTORABLE = new RegExp(`[\0${SEPARATOR}${NULL_MARK}]`, 'g');

const asIs = (text: string): string => text;
const kind = <Value>(
  sql: string,
  encode: (value: Value) => string,
  decode: (text: string) => Value,
): ColumnKind<Value> => ({ sql, encode, decode, select: (column) => `${column}::text` });

/** The kinds of column that read models are made of. Money and sums are whole numbers without a limit. */
const COLUMN_KINDS = {
  uuid: kind<string>('uuid', asIs, asIs),
  text: kind<string>('text', (text) => text.replace(UNSTORABLE, '\uFFFD'), asIs),
  /** JSON exactly as it stands in the log. Valid JSON holds no raw control character, so it needs no cleaning. */
  json: kind<string>('json', asIs, asIs),
  /** Lower-case hex of a digest. */
  digest: kind<string>(
    'bytea',
    (hex) => `\\x${hex}`,
    (text) => text.slice(2),
  ),
  /** RFC 3339 in UTC with milliseconds. */
  time: {
    ...kind<string>('timestamptz(3)', asIs, asIs),
    select: (column: string) => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`,
  },
  flag: kind<boolean>('boolean', String, (text) => text === 'true'),
  integer: kind<number>('integer', String, Number),
  offset: kind<bigint>('bigint', String, BigInt),
  whole: kind<bigint>('numeric', String, BigInt),
  /** IEEE double: written and read as the shortest text that keeps every bit. */
  double: kind<number>('double precision', String, Number),
  wholes: kind<readonly bigint[]>(
    'numeric[]',
    (values) => `{${values.join(',')}}`,
    (text) => text.slice(1, -1).split(',').map(BigInt),
  ),
} as const;

type KindName = keyof typeof COLUMN_KINDS;
/** A kind of column, `?` when it may be NULL. */
export type ColumnType = KindName | `${KindName}?`;

type KindValue<Name extends KindName> = (typeof COLUMN_KINDS)[Name] extends ColumnKind<infer Value> ? Value : never;
/** What a row holds in a column of this type. */
export type ColumnValue<Type extends ColumnType> = Type extends `${infer Name extends KindName}?`
  ? KindValue<Name> | null
  : Type extends KindName
    ? KindValue<Type>
    : never;

const isNullable = (type: ColumnType): boolean => type.endsWith('?');
const kindOf = (type: ColumnType): ColumnKind<unknown> =>
  COLUMN_KINDS[(isNullable(type) ? type.slice(0, -1) : type) as KindName] as ColumnKind<unknown>;

/** Type and nullability as DDL wants them. */
export const columnDdl = (type: ColumnType): string => `${kindOf(type).sql}${isNullable(type) ? '' : ' not null'}`;
/** Type to cast a parameter to. */
export const columnCast = (type: ColumnType): string => kindOf(type).sql;
/** Expression that selects a column in the form that `decodeColumn` reads. */
export const columnAsText = (type: ColumnType, column: string): string => kindOf(type).select(column);

/**
 * All values of one column as one text parameter, split on the server by `string_to_array`. Measured against array
 * parameters of the driver, which quote and escape every value: half the time for rows that carry JSON.
 */
export function encodeColumn(type: ColumnType, values: readonly unknown[]): string {
  const kindOfColumn = kindOf(type);
  return values.map((value) => (value === null ? NULL_MARK : kindOfColumn.encode(value))).join(SEPARATOR);
}

/** The value of a column that was selected as text. */
export function decodeColumn(type: ColumnType, text: string | null): unknown {
  return text === null ? null : kindOf(type).decode(text);
}
