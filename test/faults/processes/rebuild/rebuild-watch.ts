import type { InstalledDatabase } from '../../lab/installed-database.js';

/** A rebuild's own generation, as far as it is. */
export interface Shadow {
  readonly number: number;
  /** Events folded, and events that the live generation has folded. */
  readonly folded: bigint;
  readonly live: bigint;
  /** Grows whenever a process begins or goes on with it. */
  readonly takes: bigint;
}

/** Looks at what a rebuild has done so far. */
export class RebuildWatch {
  constructor(private readonly database: InstalledDatabase) {}

  /** Number of the generation that readers see. */
  async liveGeneration(): Promise<number> {
    const [row] = await this.database.query<{ number: number }>(
      `select number from read.generation where state = 'live'`,
    );
    return row?.number ?? 0;
  }

  /** What is being built, or was when its process ended; null when there is nothing. */
  async shadow(): Promise<Shadow | null> {
    const [row] = await this.database.query<{ number: number }>(
      `select number from read.generation where state = 'building'`,
    );
    if (row === undefined) return null;
    const [own] = await this.database
      .query<{ folded: string; takes: string }>(
        `select coalesce(sum(next_offset), 0)::text as folded, coalesce(sum(epoch), 0)::text as takes
           from read_${row.number}.projection_cursor`,
      )
      .catch(() => []); // dropped meanwhile
    if (own === undefined) return null;
    const live = await this.foldedLive();
    return { number: row.number, folded: BigInt(own.folded), live, takes: BigInt(own.takes) };
  }

  /**
   * Everything in the database that a rebuild may not touch, or has to make anew to the bit, as one digest: money and
   * keys, and what readers see of every table.
   */
  async digest(): Promise<ReadonlyMap<string, string>> {
    const tables = await this.database.query<{ name: string }>(
      `select format('%I.%I', table_schema, table_name) as name from information_schema.tables
        where table_schema not in ('pg_catalog', 'information_schema') and table_schema !~ '^read_\\d'
          and (table_schema, table_name) not in (('read', 'generation'), ('read', 'projection_cursor')) order by 1`,
    );
    const digests = new Map<string, string>();
    for (const { name } of tables) {
      const [row] = await this.database.query<{ digest: string }>(
        `select md5(coalesce(string_agg(md5(t::text), '' order by md5(t::text)), '')) as digest from ${name} t`,
      );
      digests.set(name, row?.digest ?? '');
    }
    return digests;
  }

  /** Events in the audit log, and events that the cursors have passed: every event leaves one row. */
  async audited(): Promise<{ readonly rows: bigint; readonly folded: bigint }> {
    const [row] = await this.database.query<{ n: string }>('select count(*)::text as n from read.audit_log');
    return { rows: BigInt(row?.n ?? 0), folded: await this.foldedLive() };
  }

  /** Makes one row of the live ledger dearer by a nano-USD, as no event says; resolves with what puts it back. */
  async falsify(): Promise<{ readonly requestId: string; mend(): Promise<void> }> {
    const table = `read_${await this.liveGeneration()}.cost_ledger`;
    const [row] = await this.database.query<{ id: string }>(
      `update ${table} set amount_nano_usd = amount_nano_usd + 1
        where request_id = (select max(request_id::text)::uuid from ${table} where amount_nano_usd is not null)
       returning request_id::text as id`,
    );
    const requestId = row?.id ?? '';
    const mend = (): Promise<void> =>
      this.database.run(`update ${table} set amount_nano_usd = amount_nano_usd - 1 where request_id = '${requestId}'`);
    return { requestId, mend };
  }

  private async foldedLive(): Promise<bigint> {
    const [row] = await this.database.query<{ n: string }>(
      'select coalesce(sum(next_offset), 0)::text as n from read.projection_cursor',
    );
    return BigInt(row?.n ?? 0);
  }
}
