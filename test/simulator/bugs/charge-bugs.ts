import type { Wiring } from '../replica/wiring.js';

/** Only who answered is paid. */
export const loserDropped: Partial<Wiring> = { losers: () => [] };

/** A provider that counts nothing must have forgotten to count: what was delivered is estimated. */
export const estimateOverTruth: Partial<Wiring> = {
  attempts: (attempts, { estimateUsage }) =>
    attempts.map((attempt) =>
      attempt.usage === null || attempt.usage.output > 0
        ? attempt
        : { ...attempt, usage: estimateUsage(attempt.generatedBytes) },
    ),
};
