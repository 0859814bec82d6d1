import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EVENT_CATALOGUE } from '#contracts';
import { renderCatalogue } from './rules/event-catalogue.js';
import {
  emittersOf,
  findEmitterViolations,
  findSharedTables,
  findUnprojectedEvents,
  findUnregisteredProjections,
  projectionsOf,
  type AuditOnly,
} from './rules/event-rules.js';
import { ROOT, readTree, type TreeFile } from './source-tree.js';

const tree = readTree();
const TYPES = Object.keys(EVENT_CATALOGUE);

/** Nothing but the audit log folds these; the value says why that is enough. */
const AUDIT_ONLY: AuditOnly = {};

describe('events', () => {
  it('are each made by exactly one file, in a room', () => {
    expect(findEmitterViolations(TYPES, tree)).toEqual([]);
  });

  it('are each in the audit log and in a view, or declared audit-only', () => {
    expect(findUnprojectedEvents(TYPES, tree, AUDIT_ONLY)).toEqual([]);
  });
});

describe('docs/event-catalogue.md', () => {
  const file = join(ROOT, 'docs', 'event-catalogue.md');

  it('says what the code says; if not, run `node scripts/generate/event-catalogue.mjs`', () => {
    const catalogue = renderCatalogue(EVENT_CATALOGUE, tree);
    if (process.env['UPDATE_CATALOGUE'] === 'true') writeFileSync(file, catalogue);
    expect(readFileSync(file, 'utf8')).toBe(catalogue);
  });

  it('says of every field what it may be', () => {
    expect(renderCatalogue(EVENT_CATALOGUE, tree)).not.toMatch(/[|`] any\b/);
  });
});

describe('projections', () => {
  it('have a table of their own', () => {
    expect(findSharedTables(tree)).toEqual([]);
  });

  it('all run', () => {
    expect(projectionsOf(tree)).not.toEqual([]);
    expect(findUnregisteredProjections(tree)).toEqual([]);
  });
});

describe('the event rules', () => {
  const room = (text: string, path = 'libs/ledger/src/charge.decider.ts'): TreeFile => ({ path, text });
  const projection = (name: string, table: string): TreeFile => {
    const declaration = `{ name: '${name}', version: 1, tables: [${table}], on: { Charged: fold } }`;
    return {
      path: `libs/read-models/src/${name}/${name}.projection.ts`,
      text: `export const ${name.replace('-', '')} = defineProjection(${declaration});`,
    };
  };

  it('find the file that makes a fact, and not the ones that read it', () => {
    expect(emittersOf('Charged', [room('append({ id, type: Charged.type, data });')])).toHaveLength(1);
    expect(emittersOf('Charged', [room("append({ id, type: 'Charged', data });")])).toHaveLength(1);
    expect(emittersOf('Charged', [room('append(fact(Charged, data));')])).toHaveLength(1);
    expect(emittersOf('Charged', [room("if (event.type === 'Charged') count();")])).toEqual([]);
  });

  it('find no emitter, two emitters and an emitter in an app', () => {
    const maker = 'append({ type: Charged.type });';
    expect(findEmitterViolations(['Charged'], [])).toHaveLength(1);
    expect(findEmitterViolations(['Charged'], [room(maker), room(maker, 'libs/routing/src/other.ts')])).toHaveLength(1);
    expect(findEmitterViolations(['Charged'], [room(maker, 'apps/gateway/src/recover.ts')])).toHaveLength(1);
    expect(findEmitterViolations(['Charged'], [room(maker)])).toEqual([]);
  });

  it('find an event outside the audit log, one in no view, and an exception that is no longer one', () => {
    const audit = projection('audit-log', 'AUDIT');
    const balance = projection('balance', 'BALANCE');
    expect(findUnprojectedEvents(['Charged'], [balance], {})).toHaveLength(1);
    expect(findUnprojectedEvents(['Charged'], [audit], {})).toHaveLength(1);
    expect(findUnprojectedEvents(['Charged'], [audit, balance], { Charged: 'why' })).toHaveLength(1);
    expect(findUnprojectedEvents(['Charged'], [audit, balance], {})).toEqual([]);
    expect(findUnprojectedEvents(['Charged'], [audit], { Charged: 'why' })).toEqual([]);
  });

  it('find a table with two writers', () => {
    expect(findSharedTables([projection('balance', 'BALANCE'), projection('usage', 'BALANCE')])).toHaveLength(1);
    expect(findSharedTables([projection('balance', 'BALANCE'), projection('usage', 'USAGE')])).toEqual([]);
  });

  it('find a projection that does not run', () => {
    const registry = {
      path: 'libs/read-models/src/read-model.registry.ts',
      text: 'export const READ_MODELS = [usage];',
    };
    expect(findUnregisteredProjections([registry, projection('balance', 'BALANCE')])).toHaveLength(1);
    expect(findUnregisteredProjections([registry, projection('usage', 'USAGE')])).toEqual([]);
  });
});
