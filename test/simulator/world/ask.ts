import type { Hold } from '#ledger';
import type { Owner } from '../kernel/schedule.js';
import type { CallerResponse } from './caller.js';

/** One request of a caller, and what the world knows of it. */
export interface Ask {
  readonly number: number;
  readonly requestId: string;
  /** The process that answers it. */
  readonly process: Owner;
  readonly response: CallerResponse;
  /** Two providers at once, the first answer wins. */
  readonly race: boolean;
  hold: Hold | null;
  /** The corridor has been left. */
  over: boolean;
  /** Connections whose attempt lost the race while it was under way. */
  readonly losers: string[];
}
