import { GatewayError } from '#contracts';
import { usdOf } from '../prices/decimal.js';
import type { Account } from '../slices/account.js';
import type { Budget, BudgetPeriod } from './budget.js';

/** When the client should ask again while other requests hold the money. */
const RETRY_AFTER_MS = 1000;

const NEXT_PERIOD: Readonly<Record<BudgetPeriod, string>> = {
  day: ', or wait for the next day (UTC)',
  month: ', or wait for the next month (UTC)',
  total: '',
};

/**
 * Why a request cannot be held: 402 when what is used leaves too little, now and for the rest of the period; 429 when
 * only open holds, here or at other replicas, stand in the way.
 */
export function budgetRefusal(budget: Budget, account: Account, neededNanoUsd: bigint): GatewayError {
  const used = account.usedEverywhereNanoUsd;
  const spent = `${usdOf(used)} of ${usdOf(budget.limitNanoUsd)} USD used in period ${account.key.period}`;
  const which =
    `Budget "${budget.name}" of ${budget.scope} ${budget.scopeId}: ${spent}, ` +
    `and this request may cost up to ${usdOf(neededNanoUsd)} USD.`;
  if (budget.limitNanoUsd - used < neededNanoUsd) {
    const advice = `Lower max_tokens, raise the limit${NEXT_PERIOD[budget.period]}.`;
    return new GatewayError('budget_exhausted', `${which} ${advice}`);
  }
  const advice = 'Requests in progress hold the rest: retry in a second.';
  return new GatewayError('budget_held', `${which} ${advice}`, { retryAfterMs: RETRY_AFTER_MS });
}
