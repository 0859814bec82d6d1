import type { DataOf, EVENT_CATALOGUE, EventType, Fact } from '#contracts';
import type { ReadTable } from '../table/define-read-table.js';
import type { RowBatch } from './row-batch.js';

/** A fact with its place in the log. */
export interface LoggedFact<Data = Record<string, unknown>> extends Fact<Data> {
  readonly partition: number;
  readonly offset: bigint;
  /** The payload exactly as it is stored, and the schema version that it was written in. */
  readonly json: string;
  readonly writtenVersion: number;
}

type FactOf<Type extends EventType> = LoggedFact<DataOf<(typeof EVENT_CATALOGUE)[Type]>>;

/** What to do with each kind of fact: pure, no clock, no random, no I/O. Kinds that are not named leave no trace. */
export type FactHandlers = { readonly [Type in EventType]?: (rows: RowBatch, fact: FactOf<Type>) => void };

/** A pure function from facts to rows. No other projection writes its tables. */
export interface Projection {
  readonly name: string;
  /** Raised when the same facts come to mean other rows: a rebuild then may differ from what is live. */
  readonly version: number;
  readonly tables: readonly ReadTable[];
  readonly on: FactHandlers;
}

/** Declares a projection; its keys are checked against the catalogue by the compiler. */
export const defineProjection = (projection: Projection): Projection => projection;
