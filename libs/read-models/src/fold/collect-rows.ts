import { EVENT_CATALOGUE, type EventType } from '#contracts';
import type { LoggedFact, Projection } from './define-projection.js';
import { UnfoldableError } from '../read-models.errors.js';
import { RowBatch } from './row-batch.js';

type Handler = (rows: RowBatch, fact: LoggedFact) => void;
/** Every projection's handlers by kind of fact. */
export type Dispatch = ReadonlyMap<string, readonly Handler[]>;

/** Looks the handlers up once, so that a batch need not. */
export function dispatchTo(projections: readonly Projection[]): Dispatch {
  const types = Object.keys(EVENT_CATALOGUE) as EventType[];
  return new Map(
    types.map((type) => [
      type,
      projections.map(({ on }) => on[type] as Handler | undefined).filter((handler) => handler !== undefined),
    ]),
  );
}

/** What these facts, in the order of their partitions, do to the tables. @throws UnfoldableError */
export function collectRows(dispatch: Dispatch, facts: readonly LoggedFact[]): RowBatch {
  return UnfoldableError.during(() => {
    const rows = new RowBatch();
    for (const fact of facts) for (const handle of dispatch.get(fact.type) ?? []) handle(rows, fact);
    return rows;
  });
}
