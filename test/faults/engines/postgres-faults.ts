import { setTimeout as pause } from 'node:timers/promises';
import { InstalledDatabase } from '../lab/installed-database.js';
import { gone, killHard, type InstallationUnderFault } from '../lab/installation-under-fault.js';

const LOOK_EVERY_MS = 10;
/** What a money table and a read table are guarded by, both held by somebody who went away in mid transaction. */
const ROWS_THAT_EVERYBODY_WRITES = ['control.budget_period', 'read.projection_cursor'];

/** A way in which PostgreSQL fails. */
export interface PostgresFault {
  readonly name: string;
  /** Resolves when nothing but PostgreSQL's own start stands in the way of serving again. */
  strike(awayMs: number): Promise<void>;
}

/** In the order in which the rounds of a campaign inject them. */
export const postgresFaults = (
  installation: InstallationUnderFault,
): readonly [PostgresFault, ...(readonly PostgresFault[])] => [
  { name: 'killed', strike: () => kill(installation) },
  { name: 'blocked', strike: (awayMs) => block(installation, awayMs) },
  { name: 'crowded', strike: (awayMs) => crowd(installation, awayMs) },
];

/** Resolves when a server answers. */
export async function postgresAnswers({ dataDir }: InstallationUnderFault): Promise<void> {
  for (;;) {
    const database = await InstalledDatabase.connect(dataDir).catch(() => null);
    if (database !== null) return database.close();
    await pause(LOOK_EVERY_MS);
  }
}

const QUESTIONS = ['/v1/providers/stats', '/v1/requests/01a1fdac-6ded-7102-8a2f-1d749598be52'];
/** They are there, nobody knows the request, or it cannot be known now. */
const RIGHT = new Set([200, 404, 503]);

/** Asks what only tables know, again and again, until it is stopped. */
export class TableQuestions {
  refused = 0;
  /** What was answered instead of what may be. */
  readonly wrong: string[] = [];
  private asking = true;
  private readonly running: Promise<void>;

  constructor(private readonly installation: InstallationUnderFault) {
    this.running = this.ask();
  }

  async stop(): Promise<void> {
    this.asking = false;
    await this.running;
  }

  private async ask(): Promise<void> {
    while (this.asking) {
      for (const question of QUESTIONS) {
        const answer = await this.installation.gateway.request(question);
        const text = await answer.text();
        if (answer.status === 503) this.refused += 1;
        if (!RIGHT.has(answer.status)) this.wrong.push(`${question}: ${answer.status} ${text}`);
      }
      await pause(LOOK_EVERY_MS);
    }
  }
}

async function kill(installation: InstallationUnderFault): Promise<void> {
  const pid = installation.postmasterPid();
  if (pid === null) throw new Error('PostgreSQL does not run');
  killHard(pid);
  await gone(pid);
}

/** Rows that every lease and every projection writes are locked by a transaction whose client says nothing more. */
async function block(installation: InstallationUnderFault, awayMs: number): Promise<void> {
  const idle = await installation.database();
  await idle.run('begin');
  for (const table of ROWS_THAT_EVERYBODY_WRITES) await idle.run(`select from ${table} for update`);
  await pause(awayMs);
  await idle.close();
}

/** Everybody is thrown out, and strangers take all connections before they are back. */
async function crowd(installation: InstallationUnderFault, awayMs: number): Promise<void> {
  const strangers = [await installation.database()];
  await strangers[0]?.run(
    `select pg_terminate_backend(pid) from pg_stat_activity where usename like 'overture%' and pid <> pg_backend_pid()`,
  );
  for (;;) {
    const more = await installation.database().catch(() => null);
    if (more === null) break;
    strangers.push(more);
  }
  await pause(awayMs);
  await Promise.all(strangers.map((stranger) => stranger.close()));
}
