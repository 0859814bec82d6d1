import { Pool } from 'pg';
import { pino } from 'pino';
import { MemoryCompactedTable, type TableRow } from '#event-log';
import { DATABASE_LOGINS } from '#persistence';
import { ReadDatabase, startReadPostgres } from '../../../../libs/read-models/src/__fixtures__/read-database.js';
import { factsOf, type SampleRequest } from '../../../../libs/read-models/src/__fixtures__/sample-facts.js';
import type { TestPostgres } from '../../../../test/engines/postgres.js';
import { waitUntil } from '../../../../test/engines/wait-until.js';
import { PosteriorPublisher, type Publication } from './posterior-publisher.js';
import { ROWS_TO_PUBLISH, asPublished } from './__fixtures__/rows-to-publish.js';

const PARTITIONS = Array.from({ length: 64 }, (_, partition) => partition);

const request = (number: number, candidate: string, tenant = 'acme-prod'): SampleRequest => ({
  number,
  tenant,
  attempts: [{ candidate, outcome: 'ok', latencyMs: 100 / 3 + number, ttftMs: null, tick: 179_443_210 + number }],
  state: 'settled',
  amount: 2_380_000n,
});

/** A table that takes its time, if told to, and knows how often it was asked. */
class SlowTable extends MemoryCompactedTable {
  calls = 0;
  gate: Promise<void> = Promise.resolve();

  override async publish(rows: readonly TableRow[]): Promise<void> {
    this.calls += 1;
    await this.gate;
    await super.publish(rows);
  }
}

describe('what a projector publishes of posteriors', () => {
  let postgres: TestPostgres;
  let database: ReadDatabase;
  let pool: Pool;
  let table: SlowTable;
  let publications: Publication[];

  beforeAll(async () => void (postgres = await startReadPostgres()));
  beforeEach(async () => {
    database = await ReadDatabase.create(postgres);
    pool = new Pool({ connectionString: database.url(DATABASE_LOGINS.projector), max: 1 });
    table = new SlowTable();
    publications = [];
  });
  afterEach(async () => {
    for (const publication of publications) publication.end();
    await pool.end();
    await database.close();
  });
  afterAll(() => postgres.stop());

  const begin = (partitions: readonly number[] = PARTITIONS): Publication => {
    const publisher = new PosteriorPublisher({ table, pool, logger: pino({ level: 'silent' }) });
    const publication = publisher.begin({ schema: 'read_1', generation: 1, partitions });
    publications.push(publication);
    return publication;
  };
  const fold = async (...requests: SampleRequest[]): Promise<void> => {
    database.append(requests.flatMap(factsOf));
    await database.foldAll();
  };
  const rows = async (): Promise<string[]> => {
    const found = (await database.query('postgres', ROWS_TO_PUBLISH)) as Record<string, unknown>[];
    return found.map((row) => JSON.stringify(asPublished(row)));
  };
  const told = (): string[] => {
    const last = new Map(table.published.map(({ key, value }) => [key, value]));
    return [...last].map((entry) => JSON.stringify(entry)).sort();
  };
  const isTold = async (): Promise<boolean> => {
    const [wanted, found] = [await rows(), told()];
    return wanted.length > 0 && JSON.stringify(wanted) === JSON.stringify(found);
  };

  it('is what was committed, byte for byte, and nothing twice', async () => {
    await fold(request(1, 'openai-prod/gpt-4o'), request(2, 'azure-eu/gpt-4o'));
    const publication = begin();
    await waitUntil(isTold);
    await fold(request(3, 'openai-prod/gpt-4o'));
    publication.changed();
    await waitUntil(isTold);

    expect(table.published.map(({ key }) => key.split('/').slice(-2).join('/'))).toEqual([
      'openai-prod/gpt-4o',
      'azure-eu/gpt-4o',
      'openai-prod/gpt-4o',
    ]);
  });

  it('leaves out what changed in between, when changes come faster than they are published', async () => {
    await fold(request(1, 'openai-prod/gpt-4o'));
    const gate = Promise.withResolvers<void>();
    table.gate = gate.promise;
    const publication = begin();
    await waitUntil(() => table.calls === 1);
    for (let number = 2; number < 22; number += 1) {
      await fold(request(number, 'openai-prod/gpt-4o'));
      publication.changed();
    }
    gate.resolve();
    await waitUntil(isTold);

    expect(table.published).toHaveLength(2);
  });

  it('is all of its partitions at the start, for whoever died before it had published', async () => {
    await fold(request(1, 'openai-prod/gpt-4o'));
    begin();
    await waitUntil(isTold);
    publications[0]?.end();
    await fold(request(2, 'openai-prod/gpt-4o'), request(3, 'azure-eu/gpt-4o'));
    begin();

    await waitUntil(isTold);
  });

  it('is of the partitions that the projector has, and of no others', async () => {
    await fold(request(1, 'openai-prod/gpt-4o'), request(2, 'openai-prod/gpt-4o', 'tenant-7'));
    const [{ partition }] = (await database.query(
      'postgres',
      `select partition from read_1.posterior where tenant_id = 'tenant-7'`,
    )) as [{ partition: number }];
    begin([partition]);
    await waitUntil(() => table.published.length > 0);

    expect(table.published.map((row) => row.partition)).toEqual([partition]);
  });

  it('comes when the topic is back, with what has changed meanwhile', async () => {
    table.setAway(true);
    await fold(request(1, 'openai-prod/gpt-4o'));
    const publication = begin();
    await waitUntil(() => table.calls > 0);
    await fold(request(2, 'openai-prod/gpt-4o'));
    publication.changed();
    table.setAway(false);
    await waitUntil(isTold);

    expect(table.published).toHaveLength(1);
  });
});
