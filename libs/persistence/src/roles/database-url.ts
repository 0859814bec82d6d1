import { Secret } from '#contracts';

/** What a URL cannot be written with in user and password, and how it is. */
const ESCAPES = '% # / ? : @ as %25 %23 %2F %3F %3A %40';

/** Which variable holds the URL of which login. */
export interface DatabaseVariable {
  readonly name: string;
  /** e.g. `migrator`. */
  readonly login: string;
}

/** The connection URL of one login. What is wrong with it is added to `problems`, without the password. */
export function readDatabaseUrl(
  { name, login }: DatabaseVariable,
  variables: Readonly<Record<string, string | undefined>>,
  problems: string[],
): Secret {
  const text = variables[name] ?? '';
  if (!/^postgres(ql)?:\/\//.test(text)) {
    problems.push(`${name}: missing; set it to the connection URL of the ${login}'s login, postgres://…`);
  } else if (placeOf(text) === null) {
    problems.push(`${name}: not a URL; in user and password write ${ESCAPES}, and a port as a number up to 65535`);
  }
  return new Secret(text);
}

/** PostgreSQL cannot be asked; says where it was looked for, without the password, and what to correct. */
export class DatabaseUnreachableError extends Error {
  constructor({ url, variable }: { readonly url: string; readonly variable: string }, cause: unknown) {
    const reason = cause instanceof Error ? cause.message || cause.name : String(cause);
    super(
      `PostgreSQL cannot be used at ${placeOf(url)} (${reason}): ` +
        `see that it runs and can be reached from here, or correct ${variable}.`,
      { cause },
    );
    this.name = 'DatabaseUnreachableError';
  }
}

/** E.g. `db:5432/overture as overture_gateway`; null where the driver could not read it. */
function placeOf(url: string): string | null {
  try {
    // The driver takes a URL without a host, whose query names a socket's folder.
    const { host, pathname, username, password } = new URL(url.replace('@/', '@localhost/'));
    decodeURIComponent(password);
    return `${host}${decodeURIComponent(pathname)} as ${decodeURIComponent(username)}`;
  } catch {
    return null;
  }
}
