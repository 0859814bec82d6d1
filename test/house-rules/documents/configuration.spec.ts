import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { readGatewayConfig } from '../../../apps/gateway/src/config/gateway.config.js';
import { OvertureFile } from '../../../apps/gateway/src/config/overture-file.schema.js';
import { renderConfigSchema } from '../../../scripts/generate/config-schema.mjs';
import { ROOT } from '../source-tree.js';

/** The part of JSON Schema that the operator's file uses. */
interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

const EXAMPLE = join(ROOT, 'overture.example.yaml');
const text = readFileSync(EXAMPLE, 'utf8');
const VARIABLES = { OVERTURE_CONFIG: EXAMPLE, OPENAI_API_KEY: 'a', ANTHROPIC_API_KEY: 'b', LOCAL_API_KEY: 'c' };

/** Every setting, as `budgets.limitUsd`. */
function settingsOf(schema: Schema, path = ''): string[] {
  const inner = [schema.items, ...(schema.anyOf ?? [])].filter((part) => part !== undefined);
  const own = Object.entries(schema.properties ?? {}).flatMap(([name, part]) => {
    const place = path === '' ? name : `${path}.${name}`;
    return [place, ...settingsOf(part, place)];
  });
  return [...own, ...inner.flatMap((part) => settingsOf(part, path))];
}

/** Every setting that a file has. */
function settingsIn(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => settingsIn(item, path));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    const place = path === '' ? name : `${path}.${name}`;
    return [place, ...settingsIn(inner, place)];
  });
}

describe('docs/overture.schema.json', () => {
  it('says what the code says; if not, run `node scripts/generate/config-schema.mjs`', () => {
    expect(readFileSync(join(ROOT, 'docs', 'overture.schema.json'), 'utf8')).toBe(renderConfigSchema(OvertureFile));
  });
});

describe('overture.example.yaml', () => {
  it('is a configuration to start with, once its variables are set', () => {
    const { resolved, budgets, groups } = readGatewayConfig(VARIABLES);
    expect(resolved.connections.length).toBeGreaterThan(1);
    expect(budgets).not.toEqual([]);
    expect(groups).not.toEqual({});
  });

  it('names what is missing while they are not', () => {
    expect(() => readGatewayConfig({ OVERTURE_CONFIG: EXAMPLE })).toThrow('OPENAI_API_KEY: not set');
  });

  it('shows every setting that there is', () => {
    const shown = new Set(settingsIn(parse(text)));
    const settings = settingsOf(JSON.parse(renderConfigSchema(OvertureFile)) as Schema).filter(
      (setting) => setting !== '$schema',
    );
    expect(settings.length).toBeGreaterThan(20);
    expect(settings.filter((setting) => !shown.has(setting))).toEqual([]);
  });

  it('tells editors where its schema is', () => {
    expect(text.split('\n')[0]).toBe('# yaml-language-server: $schema=./docs/overture.schema.json');
  });
});
