import ts from 'typescript';
import { ROOT, isProduct, violation, type TreeFile } from '../source-tree.js';

/** Names that carry money: `amountNanoUsd`, `held_nano_usd`, `ratePicoUsd`. */
const MONEY = /(nano|pico|micro)_?usd/i;
/** Where money is computed, not only carried. */
const LEDGER = /^libs\/ledger\/src\//;
const FLOAT_CALLS = /^(parseFloat|Number|Number\.parseFloat|Math\.\w+)$/;

/** Looks at types, so it needs the program, not the text alone. */
export function findFloatingMoney(files: readonly TreeFile[], program: ts.Program): string[] {
  const checker = program.getTypeChecker();
  return files.filter(isProduct).flatMap((file) => {
    const source = program.getSourceFile(`${ROOT}/${file.path}`);
    if (!source) return [violation(file, 1, 'is not compiled: tsconfig.json does not include it.')];
    const found: string[] = [];
    const visit = (node: ts.Node): void => {
      const advice = adviceFor(node, checker, LEDGER.test(file.path));
      if (advice) found.push(violation(file, source.getLineAndCharacterOfPosition(node.getStart()).line + 1, advice));
      ts.forEachChild(node, visit);
    };
    visit(source);
    return found;
  });
}

function adviceFor(node: ts.Node, checker: ts.TypeChecker, isLedger: boolean): string | undefined {
  if (isDeclaration(node) && MONEY.test(node.name.getText()) && mayBeNumber(checker.getTypeAtLocation(node)))
    return `${node.name.getText()} is a float: money is a bigint, on the wire a decimal string.`;
  if (!isLedger) return undefined;
  if (ts.isCallExpression(node) && FLOAT_CALLS.test(node.expression.getText()))
    return `${node.expression.getText()} makes a float: stay with bigint.`;
  if (ts.isNumericLiteral(node) && !Number.isInteger(Number(node.text)))
    return `${node.text} is a float: count in a smaller unit.`;
  if (
    ts.isBinaryExpression(node) &&
    node.operatorToken.kind === ts.SyntaxKind.SlashToken &&
    mayBeNumber(checker.getTypeAtLocation(node))
  )
    return 'divides floats: divide bigints, and say which way it rounds.';
  return undefined;
}

type NamedDeclaration = ts.Node & { readonly name: ts.Node };
const isDeclaration = (node: ts.Node): node is NamedDeclaration =>
  ts.isPropertySignature(node) ||
  ts.isPropertyDeclaration(node) ||
  ts.isParameter(node) ||
  ts.isVariableDeclaration(node);

const mayBeNumber = (type: ts.Type): boolean =>
  type.isUnion() ? type.types.some(mayBeNumber) : (type.flags & ts.TypeFlags.NumberLike) !== 0;

/** Every file that tsconfig.json names. */
export function programOfProject(): ts.Program {
  const { config } = ts.readConfigFile(`${ROOT}/tsconfig.json`, (path) => ts.sys.readFile(path));
  const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  return ts.createProgram(fileNames, options);
}

/** One file that need not exist. */
export function programOfFile(file: TreeFile): ts.Program {
  const host = ts.createCompilerHost({});
  const source = ts.createSourceFile(`${ROOT}/${file.path}`, file.text, ts.ScriptTarget.ESNext, true);
  host.getSourceFile = (path) => (path === source.fileName ? source : undefined);
  return ts.createProgram([source.fileName], { strict: true, noLib: true, types: [] }, host);
}
