import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERROR_CATALOGUE } from '#contracts';
import { ROOT, isProduct, readTree } from '../source-tree.js';
import { readMarkdownTable } from './markdown-table.js';
import { PROBED_PROVIDERS, PROBES, fateOf } from './provider-fields.js';

const api = readFileSync(join(ROOT, 'docs', 'api.md'), 'utf8');
const tree = readTree();

/** A name where a metric is declared. */
const METRIC = /(?:name: |gauge\(\s*)'(overture_\w+)'/g;

describe('docs/api.md', () => {
  it('lists every error code with its status and type', () => {
    const rows = readMarkdownTable(api, ['code', 'status', 'type', 'what it means', 'what to do']);
    const told = rows.map(([code, status, type]) => ({ code, status: Number(status), type }));
    const catalogue = Object.entries(ERROR_CATALOGUE).map(([code, { status, type }]) => ({ code, status, type }));
    expect(told).toEqual(catalogue);
    expect(rows.filter((cells) => cells.some((cell) => cell === ''))).toEqual([]);
  });

  it('lists every metric by name', () => {
    const named = tree
      .filter((file) => isProduct(file) && file.path.startsWith('apps/gateway/src/'))
      .flatMap(({ text }) => [...text.matchAll(METRIC)].map(([, name]) => name));
    const told = readMarkdownTable(api, ['metric', 'kind', 'labels', 'what it counts']).map(([name]) => name);
    expect(named).not.toEqual([]);
    expect(told).toHaveLength(named.length);
    expect(new Set(told)).toEqual(new Set(named));
  });

  it('says what becomes of each field at each provider', () => {
    const told = readMarkdownTable(api, ['field', ...PROBED_PROVIDERS]);
    const fates = Object.entries(PROBES).map(([name, probe]) => [
      name,
      ...PROBED_PROVIDERS.map((provider) => fateOf(provider, probe)),
    ]);
    expect(told).toEqual(fates);
  });
});

describe('reading a table', () => {
  const text = '| code | status |\n| --- | --- |\n| `a` | 400 |\n| `b` | 500 |\n\n| code | status |\n';

  it('takes its rows up to the next blank line', () => {
    expect(readMarkdownTable(text, ['code', 'status'])).toEqual([
      ['a', '400'],
      ['b', '500'],
    ]);
  });

  it('finds nothing under other columns', () => {
    expect(readMarkdownTable(text, ['code'])).toEqual([]);
  });
});
