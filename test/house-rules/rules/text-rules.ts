import { isCode, isFixture, violation, type TreeFile } from '../source-tree.js';

/** Files of prose and settings, too: everything a reader of the repository sees. */
const isRead = ({ path }: TreeFile): boolean => path !== 'package-lock.json' && !isFixture(path);

interface Banned {
  readonly pattern: RegExp;
  readonly advice: string;
  readonly where: (file: TreeFile) => boolean;
}

// Written in pieces, so that this file passes its own rules.
const BANNED: readonly Banned[] = [
  { pattern: /\b(TO[D]O|FIX[M]E|X{3}|HA[C]K)\b/, advice: 'is unfinished: finish it, or file an issue.', where: isRead },
  {
    pattern: /(?<![\w.:/-])\/(work|root|home\/\w+|Users\/\w+)\/[\w.]/,
    advice: "names one machine's folder: use a relative path.",
    where: isRead,
  },
  {
    pattern: /https?:\/\/[^\s"'`)]*(registr[y]|artifactor[y]|nexu[s]|prox[y])[\w.-]*\.[a-z]{2,}/i,
    advice: 'names a package registry: the machine that installs has its own.',
    where: () => true,
  },
  {
    pattern: /@ts-(ignor[e]|nochec[k])/,
    advice: 'silences the compiler: use @ts-expect-error with the reason, or mend the type.',
    where: isCode,
  },
  {
    pattern: /(eslint|oxlint)-disable(?!.* -- \w)/,
    advice: 'silences the linter without a reason: add ` -- why`.',
    where: isCode,
  },
];

export function findBannedText(tree: readonly TreeFile[]): string[] {
  return tree.flatMap((file) => {
    const rules = BANNED.filter(({ where }) => where(file));
    return file.text
      .split('\n')
      .flatMap((line, index) =>
        rules.filter(({ pattern }) => pattern.test(line)).map(({ advice }) => violation(file, index + 1, advice)),
      );
  });
}
