import { encodeFact } from '#event-log';
import type { Fact } from '#contracts';
import { CONTROL_MIGRATIONS, DATABASE_LOGINS } from '#persistence';
import { Client, Pool } from 'pg';
import { startTestPostgres, type TestLogin, type TestPostgres } from '../../../../test/engines/postgres.js';
import { dispatchTo } from '../fold/collect-rows.js';
import type { Projection } from '../fold/define-projection.js';
import { GenerationFold, type Halt } from '../fold/generation-fold.js';
import { READ_MODEL_MIGRATIONS } from '../generation/read-model-migration.registry.js';
import { READ_MODELS, READ_TABLES } from '../read-model.registry.js';
import { RepeatingEventLog } from './repeating.event-log.js';

/** A server whose databases have the read models in them. */
export const startReadPostgres = (): Promise<TestPostgres> =>
  startTestPostgres([...CONTROL_MIGRATIONS, ...READ_MODEL_MIGRATIONS]);

interface FoldChoices {
  readonly schema?: string;
  readonly eventsMax?: number;
  /** Projections to run besides the product's. */
  readonly besides?: readonly Projection[];
}

/** A database with empty read models, a log beside it, and the projector's side of both. */
export class ReadDatabase {
  log = new RepeatingEventLog();
  readonly halts: Halt[] = [];
  readonly projector: Pool;
  readonly migrator: Pool;

  private constructor(readonly url: (login: TestLogin) => string) {
    this.projector = new Pool({ connectionString: url(DATABASE_LOGINS.projector), max: 4 });
    this.migrator = new Pool({ connectionString: url(DATABASE_LOGINS.migrator), max: 4 });
    // Tests cut connections; the pool replaces them.
    this.projector.on('error', () => undefined);
  }

  static async create(postgres: TestPostgres): Promise<ReadDatabase> {
    return new ReadDatabase(await postgres.createDatabase());
  }

  async close(): Promise<void> {
    await Promise.all([this.projector.end(), this.migrator.end()]);
  }

  /** Empties log and tables. */
  async reset(): Promise<void> {
    this.log = new RepeatingEventLog();
    const tables = ['projection_cursor', ...READ_TABLES.map(({ name }) => name)].map((name) => `read_1.${name}`);
    await this.migrator.query(`truncate ${tables.join(', ')}`);
  }

  append(facts: readonly Fact[]): void {
    this.log.append(facts.map(encodeFact));
  }

  /** A projector that has taken every partition of a generation. */
  async takeFold(options: FoldChoices = {}): Promise<GenerationFold> {
    const fold = new GenerationFold({
      log: this.log,
      pool: this.projector,
      schema: options.schema ?? 'read_1',
      dispatch: dispatchTo([...READ_MODELS, ...(options.besides ?? [])]),
      eventsMax: options.eventsMax ?? 1_000,
      onHalt: (halt) => this.halts.push(halt),
    });
    await fold.take([...(await this.log.heads()).keys()]);
    return fold;
  }

  async foldAll(options: FoldChoices = {}): Promise<void> {
    await (await this.takeFold(options)).drain();
  }

  /** Runs a query as a login, optionally for a tenant. */
  async query<Row extends object>(login: TestLogin, sql: string, tenant?: string): Promise<Row[]> {
    const client = new Client({ connectionString: this.url(login) });
    await client.connect();
    try {
      if (tenant !== undefined) await client.query(`select set_config('app.tenant', $1, false)`, [tenant]);
      return (await client.query<Row>(sql)).rows;
    } finally {
      await client.end();
    }
  }

  /** Every row of every table as text, sorted, so that equal tables compare equal. */
  async dump(schema = 'read_1'): Promise<string[]> {
    const tables = READ_TABLES.map(({ name }) => `select '${name} ' || t::text as row from ${schema}.${name} t`);
    const rows = await this.query<{ row: string }>('overture_projector', `${tables.join(' union all ')} order by 1`);
    return rows.map(({ row }) => row);
  }
}
