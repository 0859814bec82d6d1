const DECIMAL = /^(\d+)(?:\.(\d+))?$/;
const NANO_DIGITS = 9;
const PICO_PER_TOKEN_DIGITS = 6;

/**
 * A decimal text times 10^digits as a whole number, or null where that is not exact. Going by the digits keeps floats
 * out: what a catalogue holds as the number 0.1 is written, shortest form, as it was published.
 */
function wholeOf(decimal: string, digits: number): bigint | null {
  const [, whole, fraction = ''] = DECIMAL.exec(decimal) ?? [];
  const kept = fraction.replace(/0+$/, '');
  if (whole === undefined || kept.length > digits) return null;
  return BigInt(whole + kept.padEnd(digits, '0'));
}

/** USD per million tokens as pico-USD per token: `0.15` → 150000. Null for no decimal, or one finer than that. */
export const picoPerTokenOf = (usdPerMillion: string): bigint | null => wholeOf(usdPerMillion, PICO_PER_TOKEN_DIGITS);

/** USD as nano-USD: `0.05` → 50000000. @throws RangeError for what is no decimal of at most nine places. */
export function nanoUsdOf(usd: string): bigint {
  const amount = wholeOf(usd, NANO_DIGITS);
  if (amount === null) throw new RangeError(`"${usd}" is not an amount of USD with at most nine decimal places`);
  return amount;
}

/** Nano-USD as exact decimal USD, without trailing zeros: 1710000 → `0.00171`. */
export function usdOf(nanoUsd: bigint): string {
  const sign = nanoUsd < 0n ? '-' : '';
  const digits = (nanoUsd < 0n ? -nanoUsd : nanoUsd).toString().padStart(NANO_DIGITS + 1, '0');
  const fraction = digits.slice(-NANO_DIGITS).replace(/0+$/, '');
  return `${sign}${digits.slice(0, -NANO_DIGITS)}${fraction === '' ? '' : `.${fraction}`}`;
}
