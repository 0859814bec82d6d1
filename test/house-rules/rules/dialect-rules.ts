import type { TreeFile } from '../source-tree.js';

const DIALECT = /^(libs\/providers\/src\/dialects\/([^/]+))\/\2\.dialect\.ts$/;
/** Learn one dialect, know them all: what the folder of `<p>` holds beside `<p>.dialect.ts`. */
const RECIPE: Readonly<Record<string, string>> = {
  '.wire.ts': 'types of the fields of the provider that we read',
  '.stream.ts': 'its server-sent events, read into frames',
  '.finish-reason.ts': 'its stop reasons in our words',
  '.errors.ts': 'its errors in our outcomes',
  '.unit.spec.ts': 'the shared suite, run on it',
};

export function findIncompleteDialects(tree: readonly TreeFile[]): string[] {
  const paths = tree.map(({ path }) => path);
  return dialectsOf(tree).flatMap(({ folder, provider }) => {
    const missing = Object.entries(RECIPE).filter(([suffix]) => !paths.includes(`${folder}/${provider}${suffix}`));
    const fixtures = paths.filter((path) => path.startsWith(`${folder}/__fixtures__/`));
    return [
      ...missing.map(([suffix, what]) => `${folder}/${provider}${suffix} is missing: ${what}.`),
      ...(fixtures.length === 0 ? [`${folder}/__fixtures__/ is empty: record the provider's documented answers.`] : []),
    ];
  });
}

export const dialectsOf = (tree: readonly TreeFile[]): { readonly folder: string; readonly provider: string }[] =>
  tree.flatMap(({ path }) => {
    const [, folder, provider] = DIALECT.exec(path) ?? [];
    return folder && provider ? [{ folder, provider }] : [];
  });
