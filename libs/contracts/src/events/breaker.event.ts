import { defineEvent, type DataOf } from './define-event.js';
import { Count, Identifier } from './fields.js';

/** A connection's model failed too often: no request goes there until `retry_after_ms` has passed. */
export const BreakerOpened = defineEvent('BreakerOpened', 1, {
  candidate: Identifier,
  connection: Identifier,
  model: Identifier,
  consecutive_failures: Count,
  last_outcome: Identifier,
  retry_after_ms: Count,
});
export type BreakerOpened = DataOf<typeof BreakerOpened>;

/** The half-open probe of a connection's model succeeded. */
export const BreakerClosed = defineEvent('BreakerClosed', 1, {
  candidate: Identifier,
  connection: Identifier,
  model: Identifier,
  open_for_ms: Count,
});
export type BreakerClosed = DataOf<typeof BreakerClosed>;
