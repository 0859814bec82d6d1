import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ArchivedLogReader, LogArchiver, openArchiveStore } from '#event-log';
import { TrimmedLog } from '../../../event-log/src/archive/trimmed-log.suite.js';
import type { TestPostgres } from '../../../../test/engines/postgres.js';
import { ReadDatabase, startReadPostgres } from '../__fixtures__/read-database.js';
import { factsOf } from '../__fixtures__/sample-facts.js';
import { READ_MODELS, READ_TABLES } from '../read-model.registry.js';
import { rebuildReadModels, type RebuildReport } from './rebuild-read-models.js';

const TENANTS = ['acme-prod', 'acme-test', 'tenant-7'];
const clock = { epochMs: () => Date.now(), monotonicMs: () => performance.now() };
const attempt = { candidate: 'openai-prod/gpt-4o', outcome: 'ok', latencyMs: 100.25, ttftMs: 12.5 } as const;
const factsFrom = (first: number, count: number) =>
  Array.from({ length: count }, (_, index) => first + index).flatMap((number) =>
    factsOf({
      number,
      tenant: TENANTS[number % TENANTS.length] ?? '',
      attempts: [{ ...attempt, tick: 179443210 + number }],
      state: 'settled',
      amount: 2_380_000n,
    }),
  );

describe('rebuilding from the archive', () => {
  let postgres: TestPostgres;
  let database: ReadDatabase;
  let directory: string;
  let log: TrimmedLog;

  const rebuild = (): Promise<RebuildReport> =>
    rebuildReadModels({
      log: new ArchivedLogReader({ log, store: openArchiveStore({ directory }, clock) }),
      clock,
      migrator: database.migrator,
      projector: database.projector,
      projections: READ_MODELS,
      compareOnly: false,
      acceptDifferences: false,
      restart: false,
      dropOld: false,
      onProgress: () => undefined,
    });

  /** Everything so far is archived, and the log forgets it. */
  async function archiveAndTrim(): Promise<void> {
    const store = openArchiveStore({ directory }, clock);
    const archiver = new LogArchiver({ log, store, clock, limits: { eventsMax: 70 } });
    expect((await archiver.seal({ all: true })).failed).toEqual(new Map());
    for (const [partition, next] of await archiver.archivedTo()) log.trim(partition, next);
  }

  beforeAll(async () => {
    postgres = await startReadPostgres();
  });
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'archive-'));
    database = await ReadDatabase.create(postgres);
    log = new TrimmedLog(database.log);
    database.append(factsFrom(0, 300));
    await archiveAndTrim();
    database.append(factsFrom(300, 100));
    await archiveAndTrim();
    database.append(factsFrom(400, 50));
    await database.foldAll();
  });
  afterEach(async () => {
    await database.close();
    rmSync(directory, { recursive: true });
  });
  afterAll(() => postgres.stop());

  it('gives the same tables, byte for byte, although the log has lost its beginning', async () => {
    const before = await database.dump('read_1');

    const report = await rebuild();

    expect(report.outcome).toBe('flipped');
    expect(
      report.tables?.map(({ table, equal, liveChecksum, shadowChecksum }) => [
        table,
        equal,
        liveChecksum === shadowChecksum,
      ]),
    ).toEqual(READ_TABLES.map(({ name }) => [name, true, true]));
    expect(await database.dump('read_2')).toEqual(before);
  });

  it('refuses, and names the place, when a bit of the archive has flipped', async () => {
    const file = readdirSync(directory, { recursive: true, encoding: 'utf8' }).find((name) => name.endsWith('.zst'));
    const path = join(directory, file ?? '');
    const bytes = readFileSync(path);
    bytes[bytes.length >> 1]! ^= 4;
    writeFileSync(path, bytes);
    const partition = Number(/partition-(\d+)/.exec(path)?.[1]);

    await expect(rebuild()).rejects.toThrow(
      `Partition ${partition} cannot be folded beyond offset 0: The log is damaged`,
    );
  });

  it('refuses when events are in neither the archive nor the log', async () => {
    const [partition = 0] = (await database.log.heads()).keys();
    log.trim(partition, (await database.log.range(partition)).highWater);

    await expect(rebuild()).rejects.toThrow('neither the archive nor the log has it, the archive ends there');
  });
});
