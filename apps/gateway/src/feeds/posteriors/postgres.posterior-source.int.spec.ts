import type { MikroORM } from '@mikro-orm/postgresql';
import { pino } from 'pino';
import { partitionOf } from '#event-log';
import { DATABASE_LOGINS, createOrm } from '#persistence';
import { NO_EVIDENCE, foldOutcome, type PosteriorState } from '#posterior';
import { READ_MODELS, rebuildReadModels } from '#read-models';
import { PosteriorView } from '#routing';
import { ReadDatabase, startReadPostgres } from '../../../../../libs/read-models/src/__fixtures__/read-database.js';
import {
  factsOf,
  respondedFact,
  type SampleRequest,
} from '../../../../../libs/read-models/src/__fixtures__/sample-facts.js';
import type { TestPostgres } from '../../../../../test/engines/postgres.js';
import { KnownPosteriors } from './known-posteriors.js';
import { PostgresPosteriorSource } from './postgres.posterior-source.js';

const TENANT = 'acme-prod';
const PARTITION = partitionOf(TENANT);
const CANDIDATE = 'openai-prod/gpt-4o';

const request = (number: number, candidate = CANDIDATE): SampleRequest => ({
  number,
  tenant: TENANT,
  attempts: [{ candidate, outcome: 'ok', latencyMs: 100 / 3 + number, ttftMs: null, tick: 179_443_210 + number }],
  state: 'settled',
  amount: 2_380_000n,
});
const { cell } = respondedFact(request(1), 1).data;
const learntFrom = (...requests: SampleRequest[]): PosteriorState =>
  requests.map((each) => respondedFact(each, 1).data).reduce(foldOutcome, NO_EVIDENCE);

describe('what a gateway knows of posteriors', () => {
  let postgres: TestPostgres;
  let database: ReadDatabase;
  let orm: MikroORM;
  let view: PosteriorView;
  let source: PostgresPosteriorSource;
  let said: string[];

  beforeAll(async () => void (postgres = await startReadPostgres()));
  beforeEach(async () => {
    database = await ReadDatabase.create(postgres);
    const url = database.url(DATABASE_LOGINS.gateway);
    orm = await createOrm({ url, entities: [], poolMax: 2, statementTimeoutMs: 10_000, applicationName: 'spec' });
    said = [];
    view = new PosteriorView();
    const logger = pino({}, { write: (line) => void said.push(line) });
    source = new PostgresPosteriorSource(orm.em, new KnownPosteriors(view, logger));
  });
  afterEach(async () => {
    await orm.close();
    await database.close();
  });
  afterAll(() => postgres.stop());

  const publish = async (...requests: SampleRequest[]): Promise<void> => {
    database.append(requests.flatMap(factsOf));
    await database.foldAll();
    await source.refresh();
  };
  const known = (candidate = CANDIDATE): PosteriorState => view.get(cell, candidate);
  const superuser = (sql: string): Promise<object[]> => database.query('postgres', sql);

  it('is nothing before anything was published', async () => {
    await source.refresh();
    expect(known()).toEqual(NO_EVIDENCE);
    expect(view.versionOf(PARTITION).nextOffset).toBe(0n);
  });

  it('is what the projector published, to the bit, with how far it had read', async () => {
    await publish(request(1), request(2));
    expect(known()).toEqual(learntFrom(request(1), request(2)));
    expect(view.versionOf(PARTITION).nextOffset).toBe(6n);
  });

  it('follows what changed, and keeps the rest', async () => {
    await publish(request(1), request(2, 'azure-eu/gpt-4o'));
    await publish(request(3));
    expect(known()).toEqual(learntFrom(request(1), request(3)));
    expect(known('azure-eu/gpt-4o')).toEqual(learntFrom(request(2)));
  });

  it('does not touch a cell while nothing is published', async () => {
    await publish(request(1));
    const revision = view.revisionOf(cell);
    await source.refresh();
    expect(view.revisionOf(cell)).toBe(revision);
  });

  it('never goes back, not even when the database lost its last moment', async () => {
    await publish(request(1), request(2));
    const learnt = known();
    await superuser('update read_1.projection_cursor set next_offset = 3');
    await superuser('update read_1.posterior set next_offset = 3, reward_count = 1, successes = 1');
    await source.refresh();
    expect(known()).toEqual(learnt);
    expect(view.versionOf(PARTITION).nextOffset).toBe(6n);
    expect(said).toEqual([]);
  });

  it('is what a rebuild has made of the log, whatever was known before', async () => {
    await publish(request(1), request(2), request(3, 'azure-eu/gpt-4o'));
    await superuser(`update read_1.posterior set successes = 77`);
    source = new PostgresPosteriorSource(orm.em, new KnownPosteriors(view, pino({ level: 'silent' })));
    await source.refresh();
    expect(known().health.successes).toBe(77);

    await rebuildReadModels({
      log: database.log,
      clock: { epochMs: () => Date.now(), monotonicMs: () => performance.now() },
      migrator: database.migrator,
      projector: database.projector,
      projections: READ_MODELS,
      compareOnly: false,
      acceptDifferences: true,
      restart: false,
      dropOld: false,
      onProgress: () => undefined,
    });
    await source.refresh();

    expect(known()).toEqual(learntFrom(request(1), request(2)));
    expect(known('azure-eu/gpt-4o')).toEqual(learntFrom(request(3)));
    expect(view.versionOf(PARTITION).nextOffset).toBe(9n);
  });

  it('starts from the prior where a state makes no sense, says so, and goes on with the next one', async () => {
    database.append([...factsOf(request(1)), ...factsOf(request(2, 'azure-eu/gpt-4o'))]);
    await database.foldAll();
    await superuser(`update read_1.posterior set successes = 'NaN' where candidate = '${CANDIDATE}'`);
    await source.refresh();
    expect(known()).toEqual(NO_EVIDENCE);
    expect(known('azure-eu/gpt-4o')).toEqual(learntFrom(request(2, 'azure-eu/gpt-4o')));
    expect(said.map((line) => JSON.parse(line) as object)).toMatchObject([{ partition: PARTITION, broken: 1 }]);
  });

  it('stays as it is when the database cannot be asked, and catches up afterwards', async () => {
    await publish(request(1));
    database.append(factsOf(request(2)));
    await database.foldAll();
    await superuser('alter view read.projection_cursor rename to away');
    await expect(source.refresh()).rejects.toThrow();
    expect(known()).toEqual(learntFrom(request(1)));
    await superuser('alter view read.away rename to projection_cursor');
    await source.refresh();
    expect(known()).toEqual(learntFrom(request(1), request(2)));
  });
});
