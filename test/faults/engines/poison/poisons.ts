import type { LogEvent, LogRecord } from '#event-log';
import type { Dice } from '../../lab/dice.js';

/** A record as somebody else, a later release or a broken disk leaves it, made of one of ours. */
export interface Poison {
  readonly kind: string;
  /** The only type of event that it can be made of; any without it. */
  readonly only?: string;
  readonly damage: (event: LogEvent, dice: Dice, earlier: readonly LogEvent[]) => Partial<LogRecord>;
}

const NULL_BYTES = 64;
const otherHeader = (event: LogEvent, name: string, value: string): Partial<LogRecord> => ({
  headers: { ...event.headers, [name]: value },
});
const withData = ({ value }: LogEvent, change: object): Partial<LogRecord> => ({
  value: JSON.stringify({ ...(JSON.parse(value) as object), ...change }),
});
const requestIdOf = ({ value }: LogEvent): unknown => (JSON.parse(value) as { request_id: unknown }).request_id;
const bytes = (dice: Dice): string =>
  Buffer.from(Array.from({ length: dice.between(1, 400) }, () => dice.between(0, 255))).toString();

/** Every kind must halt its partition. */
export const POISONS: readonly [Poison, ...Poison[]] = [
  { kind: 'no bytes', damage: () => ({ value: '' }) },
  { kind: 'zeros', damage: () => ({ value: '\0'.repeat(NULL_BYTES) }) },
  { kind: 'random bytes', damage: (_, dice) => ({ value: `\x01${bytes(dice)}` }) },
  {
    kind: 'a torn payload',
    damage: ({ value }, dice) => ({ value: value.slice(0, dice.between(0, value.length - 1)) }),
  },
  { kind: 'JSON of another shape', damage: (_, dice) => ({ value: dice.pick(['null', '[]', '"a"', '1', '{}']) }) },
  { kind: 'deep JSON', damage: () => ({ value: '['.repeat(100_000) }) },
  {
    kind: 'an unknown kind',
    damage: (_, dice) => ({ type: dice.pick(['RequestDreamt', '', '__proto__', 'constructor', 'toString']) }),
  },
  { kind: 'a later version', damage: ({ version }, dice) => ({ version: version + dice.between(1, 1_000) }) },
  { kind: 'a version that is none', damage: (_, dice) => ({ version: dice.pick([0, -1, Number.MAX_SAFE_INTEGER]) }) },
  { kind: 'no headers', damage: () => ({ headers: {} }) },
  {
    kind: 'a time that is none',
    damage: (event, dice) =>
      otherHeader(event, 'ce_time', dice.pick(['now', 'infinity', '', '2026-02-31T00:00:00.000Z', '1763700000'])),
  },
  { kind: 'the id of another event', damage: (event) => otherHeader(event, 'ce_id', crypto.randomUUID()) },
  {
    kind: 'an id that is none',
    damage: (event) => ({ eventId: 'not-an-id', ...otherHeader(event, 'ce_id', 'not-an-id') }),
  },
  { kind: 'another tenant', damage: () => ({ tenant: 'somebody-else' }) },
  { kind: 'a request id that is none', damage: (event) => withData(event, { request_id: `x${'0'.repeat(35)}` }) },
  {
    kind: 'a number too large for its column',
    only: 'ProviderResponded',
    damage: (event) => withData(event, { attempt: 3_000_000_000 }),
  },
  {
    kind: 'a second charge',
    only: 'BudgetCharged',
    damage: (event, _, earlier) => {
      const charged = earlier.find(({ type }) => type === event.type);
      return withData(event, { request_id: requestIdOf(charged ?? event) });
    },
  },
];
