import { existsSync, readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { parseDocument, type Document } from 'yaml';
import { OvertureFile } from './overture-file.schema.js';

const VARIABLE = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

const validate = new Ajv({ allErrors: true, strict: false }).compile<OvertureFile>(OvertureFile);

interface FileReading {
  readonly required: boolean;
  readonly environment: NodeJS.ProcessEnv;
  readonly problems: string[];
  /** A part that the reader does not need, nor the variables that it refers to. */
  readonly without?: keyof OvertureFile;
}

/** Reads and checks the operator's file; every problem is added to `problems`. An absent file is an empty one. */
export function readOvertureFile(
  path: string,
  { required, environment, problems, without }: FileReading,
): OvertureFile {
  if (!existsSync(path)) {
    if (required) problems.push(`OVERTURE_CONFIG: no file at ${path}`);
    return {};
  }
  const text = readText(path, problems);
  if (text === null) return {};
  const document = parseDocument(text, { prettyErrors: true });
  if (document.errors.length > 0) {
    problems.push(...document.errors.map(({ message }) => `${path}: ${message.split('\n')[0]}`));
    return {};
  }
  const plain = plainOf(document, path, problems);
  if (plain === null) return {};
  if (without !== undefined && typeof plain === 'object') delete (plain as OvertureFile)[without];
  const content = withVariables(plain, { environment, problems, path: '' });
  if (validate(content)) return content;
  for (const { instancePath, message, params } of validate.errors ?? []) {
    const extra = 'additionalProperty' in params ? ` ("${String(params['additionalProperty'])}")` : '';
    problems.push(`${path}: ${instancePath === '' ? 'top level' : instancePath} ${message ?? 'is invalid'}${extra}`);
  }
  return {};
}

function readText(path: string, problems: string[]): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    problems.push(`${path}: cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`);
    return null;
  }
}

/** What the document says, aliases resolved; they can refer to nothing, or multiply beyond what `yaml` allows. */
function plainOf(document: Document, path: string, problems: string[]): unknown {
  try {
    return document.toJS() ?? {};
  } catch (error) {
    problems.push(`${path}: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
}

/** Replaces `${NAME}` in every text by the variable's value. */
function withVariables(
  value: unknown,
  context: { readonly environment: NodeJS.ProcessEnv; readonly problems: string[]; readonly path: string },
): unknown {
  if (typeof value === 'string') {
    return value.replaceAll(VARIABLE, (whole, name: string) => {
      const found = context.environment[name];
      if (found === undefined || found === '')
        context.problems.push(`${name}: not set, but ${context.path} refers to it`);
      return found ?? whole;
    });
  }
  if (Array.isArray(value))
    return value.map((item, index) => withVariables(item, { ...context, path: `${context.path}/${index}` }));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      withVariables(item, { ...context, path: `${context.path}/${key}` }),
    ]),
  );
}
