import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from './project.mjs';

const ASSET = /\.(json|sql|ya?ml|md|html)$/;
const SOURCE = /\.ts$/;
const NOT_SHIPPED = /(\.(spec|suite)|\.d)\.ts$|\/__\w+__\//;
const MANIFEST = 'dist/.build.json';

/**
 * Transpiles the `src` of every app and lib one to one into `dist/` and copies the assets beside the code. What did not
 * change since the last build is not touched; outputs whose source is gone are removed. Types are not checked here.
 * @returns {Promise<{ written: number, removed: number }>}
 */
export async function build(root = ROOT) {
  const recipe = createHash('sha256')
    .update(readFileSync(join(root, '.swcrc')))
    .update(readFileSync(new URL(import.meta.url)))
    .digest('hex');
  const known = readManifest(root, recipe);
  // Taken before the files are read: an edit during the build makes the next one look again.
  const sources = new Map(listSources(root).map((source) => [source, fingerprint(root, source)]));
  const outputs = new Set([...sources.keys()].map(outputOf));
  const present = new Set(['dist/apps', 'dist/libs'].flatMap((folder) => listFiles(root, folder)));

  const stale = [...sources.keys()].filter(
    (source) => known[source] !== sources.get(source) || !present.has(outputOf(source)),
  );
  const orphans = [...present].filter((file) => !outputs.has(file.replace(/\.map$/, '')));
  orphans.forEach((file) => rmSync(join(root, file), { force: true }));
  if (stale.length === 0) return { written: 0, removed: orphans.length };

  const failures = await writeOutputs(root, stale);
  failures.forEach((_, source) => sources.delete(source));
  writeWhole(root, MANIFEST, JSON.stringify({ recipe, files: Object.fromEntries(sources) }));
  if (failures.size > 0) throw new Error(`The build failed:\n\n${[...failures.values()].join('\n')}`);
  return { written: stale.length, removed: orphans.length };
}

async function writeOutputs(root, sources) {
  const failures = new Map();
  const { transform } = await import('@swc/core'); // loading it costs 60 ms, which a start without changes saves
  const { $schema: _, ...config } = JSON.parse(readFileSync(join(root, '.swcrc'), 'utf8'));
  const writeOne = async (source) => {
    const content = readFileSync(join(root, source));
    const output = outputOf(source);
    if (!SOURCE.test(source)) return writeWhole(root, output, content);
    const sourceFileName = relative(dirname(join(root, output)), join(root, source))
      .split(sep)
      .join('/');
    const { code, map } = await transform(content.toString(), {
      ...config,
      swcrc: false,
      filename: source,
      sourceFileName,
    });
    writeWhole(root, `${output}.map`, map);
    writeWhole(root, output, `${code}//# sourceMappingURL=${basename(output)}.map\n`);
  };
  await Promise.all(
    sources.map((source) => writeOne(source).catch((error) => failures.set(source, `${source}\n${error.message}`))),
  );
  return failures;
}

function readManifest(root, recipe) {
  try {
    const manifest = JSON.parse(readFileSync(join(root, MANIFEST), 'utf8'));
    return manifest.recipe === recipe ? manifest.files : {};
  } catch {
    return {}; // none yet: everything is built
  }
}

function fingerprint(root, source) {
  const { mtimeMs, size } = statSync(join(root, source));
  return `${mtimeMs} ${size}`;
}

const outputOf = (source) => `dist/${source.replace(SOURCE, '.js')}`;

function listSources(root) {
  const parts = ['apps', 'libs'].flatMap((folder) =>
    readFolder(root, folder).map(({ name }) => `${folder}/${name}/src`),
  );
  return parts.flatMap((part) => listFiles(root, part)).filter(isShipped);
}

const isShipped = (file) => (ASSET.test(file) || SOURCE.test(file)) && !NOT_SHIPPED.test(file);

function listFiles(root, folder) {
  return readFolder(root, folder).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory() ? listFiles(root, path) : [path];
  });
}

function readFolder(root, folder) {
  try {
    return readdirSync(join(root, folder), { withFileTypes: true });
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw error;
  }
}

/** Whole or not at all: a gateway may be starting from these files, or a second build running. */
function writeWhole(root, file, content) {
  const target = join(root, file);
  const draft = join(root, 'dist', `.${process.pid}-${file.replaceAll('/', '+')}`);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(draft, content);
  renameSync(draft, target);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const startedAt = performance.now();
  const { written, removed } = await build();
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(2);
  console.log(`Built: ${written} written, ${removed} removed, ${seconds} s.`);
}
