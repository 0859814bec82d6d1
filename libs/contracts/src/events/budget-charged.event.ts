import { Type } from 'typebox';
import { defineEvent, type DataOf } from './define-event.js';
import { Identifier, NanoUsd, PicoUsdPerToken, Uuid, orNull } from './fields.js';
import { UsageBuckets } from './provider-responded.event.js';

/** Rates that priced one attempt, in pico-USD per token. */
const ResolvedRates = Type.Object({
  uncached: PicoUsdPerToken,
  cache_read: PicoUsdPerToken,
  cache_write: PicoUsdPerToken,
  output: PicoUsdPerToken,
  reasoning: PicoUsdPerToken,
  audio_in: PicoUsdPerToken,
  audio_out: PicoUsdPerToken,
  /** Flat fee per request, in nano-USD. */
  request_nano_usd: NanoUsd,
});

/** What one request cost. Closes its RequestRouted and releases the hold; exactly one per request. */
export const BudgetCharged = defineEvent('BudgetCharged', 1, {
  request_id: Uuid,
  org_id: Identifier,
  tenant_id: Identifier,
  key_id: Identifier,
  hold_id: Uuid,
  state: Type.Union([Type.Literal('settled'), Type.Literal('voided'), Type.Literal('estimated')]),
  /** Why it ended so: `answered`, `no_answer`, `client_gone`, `stream_cut`, `crash_recovery`, … */
  reason: Identifier,
  /** Null when no price is known: unpriced is not free. */
  amount_nano_usd: orNull(NanoUsd),
  held_nano_usd: NanoUsd,
  catalogue_version: Identifier,
  /** One line per attempt that was billed. */
  lines: Type.Array(
    Type.Object({
      attempt: Type.Integer({ minimum: 1 }),
      candidate: Identifier,
      provider: Identifier,
      model: Identifier,
      usage: UsageBuckets,
      rates: orNull(ResolvedRates),
      amount_nano_usd: orNull(NanoUsd),
      estimated: Type.Boolean(),
    }),
  ),
  /** Every budget above the key that the charge counts against, with the period it falls in. */
  budgets: Type.Array(Type.Object({ budget_id: Identifier, period: Type.String({ minLength: 1, maxLength: 20 }) })),
});
export type BudgetCharged = DataOf<typeof BudgetCharged>;
