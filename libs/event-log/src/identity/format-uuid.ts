const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** The first 16 bytes as a UUID in lower-case hex with dashes. */
export function formatUuid(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < 16; at += 1) {
    text += at === 4 || at === 6 || at === 8 || at === 10 ? `-${HEX[bytes[at]!]}` : HEX[bytes[at]!];
  }
  return text;
}
