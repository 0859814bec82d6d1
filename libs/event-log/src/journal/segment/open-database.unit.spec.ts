import { assertSqliteVersion } from './open-database.js';

describe('the version of SQLite', () => {
  it.each(['3.51.3', '3.51.10', '3.53.4', '4.0.0'])('%s will do', (version) => {
    expect(() => assertSqliteVersion(version)).not.toThrow();
  });

  it.each(['3.51.2', '3.50.9', '3.9.99', '2.99.99', ''])('%s will not', (version) => {
    expect(() => assertSqliteVersion(version)).toThrow('needs SQLite 3.51.3');
  });

  it('of this Node.js will do', () => {
    expect(() => assertSqliteVersion()).not.toThrow();
  });
});
