import { SOUND, type Wiring } from '../replica/wiring.js';
import { doubleSettle, reservationLeak, staleSlice, windowResetRace } from './budget-bugs.js';
import { estimateOverTruth, loserDropped } from './charge-bugs.js';
import type { BugName } from './found-by.js';
import { ackBeforeFsync, foldOutOfOrder, resendWithoutId } from './log-bugs.js';
import { cursorAfterCommit, priorLostOnReload, zombieProjector } from './read-model-bugs.js';

const BUGS: Readonly<Record<BugName, Partial<Wiring>>> = {
  'reservation leak': reservationLeak,
  'double settle': doubleSettle,
  'cursor after commit': cursorAfterCommit,
  'ack before fsync': ackBeforeFsync,
  'resend without id': resendWithoutId,
  'prior lost on reload': priorLostOnReload,
  'window reset race': windowResetRace,
  'stale slice': staleSlice,
  'zombie projector': zombieProjector,
  'fold out of order': foldOutOfOrder,
  "loser's cost dropped": loserDropped,
  'estimate overwriting truth': estimateOverTruth,
};

/** The product put together with one bug. @throws Error for a name that is none of theirs. */
export function wiringWith(bug: string): Wiring {
  const planted = Object.hasOwn(BUGS, bug) ? BUGS[bug as BugName] : undefined;
  if (planted === undefined) throw new Error(`There is no bug "${bug}". There are: ${Object.keys(BUGS).join(', ')}.`);
  return { ...SOUND, ...planted };
}
