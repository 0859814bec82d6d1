import ts from 'typescript';
import { isProduct, isSource, nodesOf, parse, violation, type TreeFile } from '../source-tree.js';

/** The closed list: `subject.kind.ts`. A new kind needs a decision record (docs/adr). */
const KINDS = new Set(
  [
    'event decider state handler controller guard filter port projection entity query command reaction registry',
    'config schema module errors suite migration dialect wire stream finish-reason worker',
  ]
    .join(' ')
    .split(' '),
);
/** Kinds whose file holds one class, named for the file. */
const CLASS_KINDS = new Set(['handler', 'controller', 'guard', 'filter', 'module']);
const SPEC_KINDS = /\.(unit\.spec|int\.spec)$/;
const EMPTY_WORDS = new Set([
  'Manager',
  'Helper',
  'Helpers',
  'Util',
  'Utils',
  'Base',
  'Common',
  'Data',
  'Info',
  'Impl',
]);
const EMPTY_FOLDERS = /\/(utils?|helpers?|shared|common|misc|base|types|constants|interfaces)\//;
const KEBAB = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
/** Migrations run in the order of their dates. */
const DATE = /^\d{4}-\d{2}-\d{2}-/;

/**
 * Last words of the ports, which adapters are named after: `journal.event-log.ts` implements EventLog, and
 * `postgres.key-source.ts` is one of several FeedSources.
 */
function portsOf(tree: readonly TreeFile[]): ReadonlySet<string> {
  const ports = tree.filter(isProduct).flatMap((file) => parse(file).statements.filter(isPort));
  return new Set(ports.map(({ name }) => lastWord(name?.text ?? '').toLowerCase()));
}

const isAdapter = (kind: string, ports: ReadonlySet<string>): boolean => ports.has(kind.split('-').at(-1) ?? '');

const isPort = (node: ts.Node): node is ts.ClassDeclaration | ts.InterfaceDeclaration =>
  ts.isInterfaceDeclaration(node) ||
  (ts.isClassDeclaration(node) && Boolean(node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.AbstractKeyword)));

export function findUnknownKinds(tree: readonly TreeFile[]): string[] {
  const ports = portsOf(tree);
  return tree.filter(isSource).flatMap((file) => {
    const [subject = '', ...rest] = stemOf(file).replace(SPEC_KINDS, '').split('.');
    if (!KEBAB.test(subject.replace(DATE, ''))) return [violation(file, 1, 'is not kebab-case: rename the file.')];
    const isKnown =
      rest.length === 0 || (rest.length === 1 && rest.every((kind) => KINDS.has(kind) || isAdapter(kind, ports)));
    if (isKnown) return [];
    const advice =
      `is of the unknown kind "${rest.join('.')}": use one of ${[...KINDS].join(', ')}, ` +
      'or name the file for its one function or class.';
    return [violation(file, 1, advice)];
  });
}

/** `require-permission.guard.ts` holds RequirePermissionGuard, `journal.event-log.ts` holds JournalEventLog. */
export function findMisnamedClasses(tree: readonly TreeFile[]): string[] {
  const ports = portsOf(tree);
  return tree.filter(isProduct).flatMap((file) => {
    const [subject = '', kind = ''] = stemOf(file).split('.');
    const isClassFile = CLASS_KINDS.has(kind) || (!KINDS.has(kind) && isAdapter(kind, ports));
    if (!isClassFile) return [];
    const expected = pascal(`${subject}-${kind}`);
    const classes = parse(file).statements.filter(ts.isClassDeclaration);
    if (classes.length === 0 || classes.some(({ name }) => name?.text === expected)) return [];
    return [violation(file, 1, `holds no class ${expected}: class and file share one name.`)];
  });
}

export function findEmptyWords(tree: readonly TreeFile[]): string[] {
  return tree.filter(isSource).flatMap((file) => {
    const folder = EMPTY_FOLDERS.exec(file.path)?.[1];
    const stem = stemOf(file).replace(SPEC_KINDS, '');
    return [
      ...(folder ? [violation(file, 1, `lies in "${folder}/": name the folder for its noun.`)] : []),
      ...(endsEmpty(pascal(stem))
        ? [violation(file, 1, 'is named by a word that says nothing: name what it holds.')]
        : []),
      ...nodesOf(file)
        .filter(isTypeDeclaration)
        .flatMap((node) => emptyNames(file, node)),
    ];
  });
}

function emptyNames(file: TreeFile, node: TypeDeclaration): string[] {
  const name = node.name?.text ?? '';
  if (endsEmpty(name)) return [violation(file, node, `${name} ends in a word that says nothing: name what it is.`)];
  if (!ts.isInterfaceDeclaration(node) || !/^I[A-Z][a-z]/.test(name)) return [];
  return [violation(file, node, `${name} starts with I: a port is the plain noun.`)];
}

const endsEmpty = (name: string): boolean => EMPTY_WORDS.has(lastWord(name));
const lastWord = (name: string): string => name.split(/(?=[A-Z])/).at(-1) ?? '';

type TypeDeclaration = ts.ClassDeclaration | ts.InterfaceDeclaration | ts.TypeAliasDeclaration | ts.EnumDeclaration;
const isTypeDeclaration = (node: ts.Node): node is TypeDeclaration =>
  ts.isClassDeclaration(node) ||
  ts.isInterfaceDeclaration(node) ||
  ts.isTypeAliasDeclaration(node) ||
  ts.isEnumDeclaration(node);

const stemOf = ({ path }: TreeFile): string => path.slice(path.lastIndexOf('/') + 1).replace(/\.ts$/, '');
const pascal = (name: string): string =>
  name.replace(/(^|-)([a-z0-9])/g, (_, _dash: string, letter: string) => letter.toUpperCase());
