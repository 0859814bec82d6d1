import { pino } from 'pino';
import { NO_EVIDENCE, serialisePosteriorRow, type PosteriorState } from '#posterior';
import { PosteriorView } from '#routing';
import { KnownPosteriors } from './known-posteriors.js';

const CELL = 'acme/gpt-4o/general/stream/xs/no-tools';
const successes = (count: number): PosteriorState => ({ ...NO_EVIDENCE, health: { successes: count, failures: 0 } });
const row = (candidate: string, nextOffset: bigint) => ({
  partition: 3,
  nextOffset,
  cell: CELL,
  candidate,
  state: successes(Number(nextOffset)),
});
const message = (candidate: string, nextOffset: bigint, generation?: number): string =>
  serialisePosteriorRow({ ...row(candidate, nextOffset), ...(generation !== undefined && { generation }) });
const NOTHING = { generation: 0, versions: new Map() };

describe('what a gateway knows of posteriors from tables and topic', () => {
  let view: PosteriorView;
  let known: KnownPosteriors;
  let said: string[];
  beforeEach(() => {
    said = [];
    view = new PosteriorView();
    known = new KnownPosteriors(view, pino({}, { write: (line) => void said.push(line) }));
  });

  const tables = (version: bigint, ...changed: ReturnType<typeof row>[]): void => rebuiltTables(1, version, ...changed);
  const rebuiltTables = (generation: number, version: bigint, ...changed: ReturnType<typeof row>[]): void =>
    known.takeTables(NOTHING, { generation, versions: new Map([[3, version]]), changed });
  const versionOf = (candidate: string): number => view.get(CELL, candidate).health.successes;
  const version = (): bigint => view.versionOf(3).nextOffset;

  it('is what one publication told, in one step, with the newest of its versions', () => {
    known.takeMessages([message('a', 7n), message('b', 9n)]);

    expect([versionOf('a'), versionOf('b'), version()]).toEqual([7, 9, 9n]);
    expect(view.revisionOf(CELL)).toBe(1);
  });

  it('is the last value of a key, whichever were kept before it', () => {
    known.takeMessages([message('a', 5n), message('a', 7n)]);

    expect([versionOf('a'), version()]).toEqual([7, 7n]);
  });

  it('never goes back to what a projector says that was replaced', () => {
    known.takeMessages([message('a', 12n)]);
    known.takeMessages([message('a', 7n)]);
    known.takeMessages([message('a', 12n)]);

    expect([versionOf('a'), version(), view.revisionOf(CELL)]).toEqual([12, 12n, 1]);
  });

  it('takes in a row that is new, though the partition is known further', () => {
    known.takeMessages([message('a', 12n)]);
    known.takeMessages([message('b', 9n)]);

    expect([versionOf('a'), versionOf('b'), version()]).toEqual([12, 9, 12n]);
  });

  it('ignores what the tables had when they were read, as all of an old topic is', () => {
    tables(20n, row('a', 12n));
    const revision = view.revisionOf(CELL);
    known.takeMessages([message('a', 5n), message('a', 12n), message('b', 20n)]);

    expect([versionOf('a'), versionOf('b'), version()]).toEqual([12, 0, 20n]);
    expect(view.revisionOf(CELL)).toBe(revision);
    known.takeMessages([message('a', 21n)]);
    expect([versionOf('a'), version()]).toEqual([21, 21n]);
  });

  it('keeps what the topic told when the tables are behind it, and takes what it did not', () => {
    tables(1n);
    known.takeMessages([message('a', 12n)]);
    tables(11n, row('a', 8n), row('b', 10n));

    expect([versionOf('a'), versionOf('b'), version()]).toEqual([12, 10, 12n]);
    tables(15n, row('a', 14n));
    expect([versionOf('a'), version()]).toEqual([14, 15n]);
  });

  it('is what the rebuilt tables say, whatever was known of those before, and at once', () => {
    tables(20n, row('a', 12n), row('b', 15n));
    known.takeMessages([message('a', 22n, 1)]);
    rebuiltTables(2, 18n, row('a', 9n));

    expect([versionOf('a'), versionOf('b'), version()]).toEqual([9, 0, 18n]);
    known.takeMessages([message('a', 23n, 1), message('b', 15n, 1)]); // a projector that does not know it yet
    expect([versionOf('a'), versionOf('b'), version()]).toEqual([9, 0, 18n]);
    known.takeMessages([message('a', 19n, 2)]);
    expect([versionOf('a'), version()]).toEqual([19, 19n]);
  });

  it('waits for the tables when the topic tells of rebuilt ones, of which it may know only a part', () => {
    tables(20n, row('a', 12n), row('b', 15n));
    expect(known.isReplaced).toBe(false);
    known.takeMessages([message('a', 9n, 2)]);

    expect([versionOf('a'), versionOf('b'), known.isReplaced]).toEqual([12, 15, true]);
    rebuiltTables(2, 18n, row('a', 9n), row('b', 11n));
    expect([versionOf('a'), versionOf('b'), known.isReplaced]).toEqual([9, 11, false]);
  });

  it('goes on after a message that makes no sense, and says so', () => {
    known.takeMessages(['{"partition":3}', message('a', 7n)]);

    expect(versionOf('a')).toBe(7);
    expect(said.map((line) => JSON.parse(line) as object)).toMatchObject([{ messages: 1 }]);
  });
});
