import { isDatabaseAway } from './is-database-away.js';

const withCode = (code: string, more: object = {}): Error => Object.assign(new Error('inner'), { code, ...more });

describe('a database is away', () => {
  it.each([
    ['nobody listens', withCode('ECONNREFUSED', { syscall: 'connect' })],
    ['its connection was reset', withCode('ECONNRESET', { syscall: 'read' })],
    ['its name is not known', withCode('ENOTFOUND', { syscall: 'getaddrinfo' })],
    ['it ended the connection', new Error('Connection terminated unexpectedly')],
    ['it does not answer', new Error('Connection terminated due to connection timeout')],
    ['no connection was free in time', new Error('timeout exceeded when trying to connect')],
    ['its administrator stops it', withCode('57P01')],
    ['it is starting', withCode('57P03')],
    ['it has too many connections', withCode('53300')],
    ['a statement takes too long', withCode('57014')],
    ['the reason lies deeper', new Error('outer', { cause: withCode('08006') })],
  ])('when %s', (_, error) => {
    expect(isDatabaseAway(error)).toBe(true);
  });

  it.each([
    ['a table is missing', withCode('42P01')],
    ['a row is there twice', withCode('23505')],
    ['our code is wrong', new TypeError('x is undefined')],
    ['it is no error', 'Connection terminated'],
    ['there is nothing', undefined],
  ])('not when %s', (_, error) => {
    expect(isDatabaseAway(error)).toBe(false);
  });
});
