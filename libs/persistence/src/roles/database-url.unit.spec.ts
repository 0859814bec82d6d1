import { DatabaseUnreachableError, readDatabaseUrl } from './database-url.js';

function problemsOf(url: string | undefined): string {
  const problems: string[] = [];
  readDatabaseUrl({ name: 'OVERTURE_DATABASE_URL', login: 'gateway' }, { OVERTURE_DATABASE_URL: url }, problems);
  return problems.join('\n');
}

describe('the URL of a database', () => {
  it.each([
    'postgres://u:p@db/overture',
    'postgresql://u:pa%23ss@db:5432/overture?sslmode=verify-full',
    'postgres://u:p@%2Ftmp%2Fsocket:5432/overture',
    'postgres://u:p@/overture?host=/tmp/socket',
  ])('is taken as the driver takes it: %s', (url) => {
    expect(problemsOf(url)).toBe('');
  });

  it.each([
    'postgres://u:secr#et@db/x',
    'postgres://u:secret/1@db/x',
    'postgres://u:%zzsecret@db/x',
    'postgres://u:secret@db:99999/x',
  ])('is refused by its variable when no driver could read it, without the password: %s', (url) => {
    expect(problemsOf(url)).toMatch(/^OVERTURE_DATABASE_URL: not a URL;.*%23/);
    expect(problemsOf(url)).not.toContain('secr');
  });

  it('is missed', () => {
    expect(problemsOf(undefined)).toMatch(/^OVERTURE_DATABASE_URL: missing;.*gateway's login/);
  });

  it('is told by host, database and login when nobody answers there', () => {
    const place = { url: 'postgres://overture_gateway:secret@db:5432/overture', variable: 'OVERTURE_DATABASE_URL' };
    const { message } = new DatabaseUnreachableError(place, new Error('ECONNREFUSED'));
    expect(message).toMatch(/db:5432\/overture as overture_gateway \(ECONNREFUSED\).*correct OVERTURE_DATABASE_URL/);
    expect(message).not.toContain('secret');
  });
});
