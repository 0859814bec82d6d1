/** Groups of one kind of character, each of a fixed length, with dashes between them: a UUID, a digest. */
const GROUPS = /^\^(\[[\w-]+\])\{\d+\}(?:-\1\{\d+\})*\$$/;
/** Characters of one kind, with a sign before them or without: an amount, an offset. */
const NUMBER = /^\^(-\?)?(\[[\w-]+\])\{(\d+),(\d+)\}\$$/;
const DASH = 45;

type PatternTest = (text: string) => boolean;
type RowTest = (text: string, from: number, to: number) => boolean;

/**
 * The test of a pattern. Rows of ASCII characters of one kind are looked up character by character, without a branch: a
 * regular expression guesses wrong at every other digit of a digest and takes two to three times as long.
 */
export function compilePattern(pattern: string): PatternTest {
  const [, kind] = GROUPS.exec(pattern) ?? [];
  if (kind !== undefined) return groupsTest(pattern, rowTest(kind));
  const [, sign, digit, fewest, most] = NUMBER.exec(pattern) ?? [];
  if (digit !== undefined) return numberTest(rowTest(digit), { signed: sign !== undefined, fewest, most });
  const expression = new RegExp(pattern);
  return (text) => expression.test(text);
}

function groupsTest(pattern: string, isRow: RowTest): PatternTest {
  let end = -1;
  const groups = [...pattern.matchAll(/\{(\d+)\}/g)].map(([, length]) => {
    const from = end + 1;
    end = from + Number(length);
    return { from, to: end };
  });
  const length = end;
  return (text) => {
    if (text.length !== length) return false;
    for (const { from, to } of groups) {
      if (from > 0 && text.charCodeAt(from - 1) !== DASH) return false;
      if (!isRow(text, from, to)) return false;
    }
    return true;
  };
}

function numberTest(
  isRow: RowTest,
  {
    signed,
    ...limits
  }: { readonly signed: boolean; readonly fewest: string | undefined; readonly most: string | undefined },
): PatternTest {
  const fewest = Number(limits.fewest);
  const most = Number(limits.most);
  return (text) => {
    const from = signed && text.charCodeAt(0) === DASH ? 1 : 0;
    const digits = text.length - from;
    return digits >= fewest && digits <= most && isRow(text, from, text.length);
  };
}

/** @param kind A character class of ASCII characters, as in a regular expression. */
function rowTest(kind: string): RowTest {
  const isOfKind = new RegExp(kind);
  const foreign = Uint8Array.from({ length: 128 }, (_, code) => (isOfKind.test(String.fromCharCode(code)) ? 0 : 1));
  return (text, from, to) => {
    let found = 0;
    for (let at = from; at < to; at += 1) {
      const code = text.charCodeAt(at);
      found |= foreign[code & 127]! | (code >> 7);
    }
    return found === 0;
  };
}
