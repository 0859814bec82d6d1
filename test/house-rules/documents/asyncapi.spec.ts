import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import specs from '@asyncapi/specs';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { EVENT_CATALOGUE, type EventDefinition } from '#contracts';
import { NO_EVIDENCE, serialisePosteriorRow } from '#posterior';
import { ROOT, readTree } from '../source-tree.js';
import { renderAsyncApi } from './asyncapi.js';
import { renderEventSchema, schemaFileOf } from './event-schemas.js';
import { POSTERIOR_ROW_FILE, renderPosteriorRowSchema } from './table-schemas.js';

const DOCS = join(ROOT, 'docs');
const GOLDEN = join(ROOT, 'libs', 'event-log', 'src', 'codec', '__golden__');
const tree = readTree();
const definitions: readonly EventDefinition[] = Object.values(EVENT_CATALOGUE);

/** What the repository holds; with UPDATE_CATALOGUE, what the code says is written there first. */
function stored(name: string, rendered: string): string {
  const path = join(DOCS, name);
  if (process.env['UPDATE_CATALOGUE'] === 'true') {
    mkdirSync(join(DOCS, 'schemas'), { recursive: true });
    writeFileSync(path, rendered);
  }
  return readFileSync(path, 'utf8');
}

const readJson = <Content>(...path: string[]): Content => JSON.parse(readFileSync(join(...path), 'utf8')) as Content;

describe('what consumers are told, generated beside event-catalogue', () => {
  it('docs/asyncapi.yaml says what the code says; if not, run `node scripts/generate/event-catalogue.mjs`', () => {
    const rendered = renderAsyncApi(definitions, tree);
    expect(stored('asyncapi.yaml', rendered)).toBe(rendered);
  });

  it.each(definitions.map((definition) => [schemaFileOf(definition), definition] as const))(
    'docs/schemas/%s says what the code says; if not, run `node scripts/generate/event-catalogue.mjs`',
    (name, definition) => {
      const rendered = renderEventSchema(definition, tree);
      expect(stored(join('schemas', name), rendered)).toBe(rendered);
    },
  );
});

describe('what readers of the topic of posteriors are told, generated beside event-catalogue', () => {
  it(`docs/schemas/${POSTERIOR_ROW_FILE} says what the code says`, () => {
    const rendered = renderPosteriorRowSchema();
    expect(stored(join('schemas', POSTERIOR_ROW_FILE), rendered)).toBe(rendered);
  });

  it('describes what a projector publishes, and what a later one may add to it', () => {
    const validate = new Ajv({ strict: true }).compile(readJson<object>(DOCS, 'schemas', POSTERIOR_ROW_FILE));
    const row = { partition: 3, nextOffset: 7n, cell: 'a/b/c/whole/xs/tools', candidate: 'd/e', state: NO_EVIDENCE };
    const value = JSON.parse(serialisePosteriorRow(row)) as object;
    expect(validate(value)).toBe(true);
    expect(validate({ ...value, added: 1 })).toBe(true);
    expect(validate({ ...value, next_offset: 7 })).toBe(false);
  });
});

describe('docs/schemas', () => {
  const shipped = readdirSync(GOLDEN).filter((name) => /\.v\d+\.json$/.test(name));

  it('holds every version that was ever shipped, and nothing else', () => {
    expect(readdirSync(join(DOCS, 'schemas')).sort()).toEqual([...shipped, POSTERIOR_ROW_FILE].sort());
  });

  it.each(shipped)('%s accepts what was shipped and what is added to it later, and refuses another kind', (name) => {
    const validate = new Ajv({ strict: true }).compile(readJson<object>(DOCS, 'schemas', name));
    const { value } = readJson<{ value: string }>(GOLDEN, name);
    expect(validate(JSON.parse(value))).toBe(true);
    expect(validate({ request_id: 'none' })).toBe(false);
    const newer = value.replaceAll(/\{(?=")/g, '{"added_later":{},');
    expect(newer).not.toBe(value);
    expect(validate(JSON.parse(newer))).toBe(true);
  });
});

describe('docs/asyncapi.yaml', () => {
  const readText = (): string => readFileSync(join(DOCS, 'asyncapi.yaml'), 'utf8');
  const isValid = new Ajv({ strict: false, validateFormats: false }).compile(specs.schemasWithoutId['3.0.0']);

  it("is an AsyncAPI 3 document by the specification's own schema", () => {
    isValid(parse(readText()));
    expect(isValid.errors ?? []).toEqual([]);
  });

  it('would not be one with a part that the specification does not know', () => {
    const document = parse(readText()) as { channels: { events: Record<string, unknown> } };
    document.channels.events['adress'] = document.channels.events['address'];
    expect(isValid(document)).toBe(false);
  });

  it('refers to nothing that is not there', () => {
    const text = readText();
    const document: unknown = parse(text);
    const targets = [...text.matchAll(/\$ref: ["']?([^"'\s]+)/g)].map(([, target = '']) => target);
    expect(targets.length).toBeGreaterThan(10);
    for (const target of targets) {
      const [file = '', pointer = ''] = target.split('#');
      const found = pointer
        .split('/')
        .slice(1)
        .reduce<unknown>((node, name) => (node as Record<string, unknown> | undefined)?.[name], document);
      expect(file === '' ? found : readJson<unknown>(DOCS, file)).toBeDefined();
    }
  });
});
