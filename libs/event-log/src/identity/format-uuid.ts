const DIGITS = Buffer.from('0123456789abcdef');
/** Where the two digits of each byte stand in the text. */
const PLACES = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
/** One for all calls. A string that is put together from parts takes longer to make, and to read ever after. */
const text = Buffer.alloc(36, '-');

/** The first 16 bytes as a UUID in lower-case hex with dashes. */
export function formatUuid(bytes: Uint8Array): string {
  for (let at = 0; at < 16; at += 1) {
    const byte = bytes[at]!;
    const place = PLACES[at]!;
    text[place] = DIGITS[byte >>> 4]!;
    text[place + 1] = DIGITS[byte & 0xf]!;
  }
  return text.toString('latin1');
}
