import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { AppProcess } from '../../engines/app-process.js';
import { ScriptedUpstream, type Behaviour } from '../../engines/scripted-upstream.js';
import { Standalone, newDataDir } from '../../engines/standalone.js';
import { readTree } from '../../bench/process-tree.mjs';
import type { Campaign } from '../campaign.js';
import { Crowd, type CrowdOptions } from './crowd.js';
import type { Premises } from './book-check.js';
import { InstalledDatabase, postmasterOf } from './installed-database.js';
import { JournalAudit } from './journal-audit.js';
import { moodyProvider } from './moody-provider.js';

const LOOK_EVERY_MS = 10;

/** Limits of the project and of the key. */
type BudgetsUsd = readonly [project: string, key: string];
const BUDGETS_USD: BudgetsUsd = ['100000.00', '50000.00'];

/** Two connections, so that requests fail over; two budgets, so that every request holds and every hold has slices. */
export const configUnderFault = (baseUrl: string, [projectUsd, keyUsd]: BudgetsUsd = BUDGETS_USD): object => {
  const models = [{ name: 'gpt-4o-mini', prices: { inputPerMillionUsd: '150.00', outputPerMillionUsd: '600.00' } }];
  const connection = { provider: 'custom', baseUrl, apiKey: 'sk-upstream', models };
  return {
    connections: [
      { slug: 'alpha', ...connection },
      { slug: 'beta', ...connection },
    ],
    budgets: [
      { name: 'all', scope: 'project', of: 'default', period: 'total', limitUsd: projectUsd },
      { name: 'daily', scope: 'key', of: 'bootstrap', period: 'day', limitUsd: keyUsd },
    ],
  };
};

/** A limit that nobody reaches: every request asks for its counters, and a refusal of it is never right. */
export const AMPLE_LIMIT = {
  name: 'ample',
  scope: 'key',
  of: '*',
  requestsPerMinute: 1_000_000,
  tokensPerMinute: 1_000_000_000,
  concurrentRequests: 100_000,
};

/** What a campaign has different from the others. */
interface Choices {
  /** A process group of its own, so that a test can send what Ctrl-C sends. */
  readonly ownGroup: boolean;
  readonly budgetsUsd: BudgetsUsd;
  /** More of `overture.yaml`; asked when the provider listens. */
  readonly settings: object | ((upstream: ScriptedUpstream) => object);
}

/** One installation through all rounds of a campaign: provider and data stay, gateways come and go. */
export class InstallationUnderFault implements Premises {
  readonly phantomCodes = new Set(['budget_exhausted', 'budget_held', 'ledger_unavailable']);
  readonly dataDir = newDataDir();
  private running: Standalone | null = null;

  private constructor(
    readonly upstream: ScriptedUpstream,
    private readonly choices: Choices,
  ) {}

  static async create(
    behaviour: Behaviour,
    { ownGroup = false, budgetsUsd = BUDGETS_USD, settings = {} }: Partial<Choices> = {},
  ): Promise<InstallationUnderFault> {
    return new InstallationUnderFault(await ScriptedUpstream.start(behaviour), { ownGroup, budgetsUsd, settings });
  }

  get gateway(): Standalone {
    if (this.running === null) throw new Error('the gateway has not been started');
    return this.running;
  }

  get gateways(): readonly [Standalone] {
    return [this.gateway];
  }

  newAudit(): JournalAudit {
    return new JournalAudit(this.journalDir);
  }

  database(): Promise<InstalledDatabase> {
    return InstalledDatabase.connect(this.dataDir);
  }

  get journalDir(): string {
    return join(this.dataDir, 'data', 'journal');
  }

  /** Starts the gateway on the data of the last one and waits until it answers. */
  async start(environment: Record<string, string> = {}): Promise<void> {
    await (await this.launch(environment)).ready();
  }

  /** Starts it without waiting. */
  async launch(environment: Record<string, string> = {}): Promise<Standalone> {
    const { ownGroup, budgetsUsd, settings } = this.choices;
    const { dataDir } = this;
    const more: object = typeof settings === 'function' ? settings(this.upstream) : settings;
    const config = { ...configUnderFault(this.upstream.baseUrl, budgetsUsd), ...more };
    this.running = await Standalone.launch({ config, environment, dataDir, ownGroup });
    return this.running;
  }

  crowd(options: Omit<CrowdOptions, 'url' | 'size'>): Crowd {
    return new Crowd({ ...options, size: CROWD_SIZE, url: this.gateway.url });
  }

  projectorPid(): number | null {
    return readTree(this.gateway.pid)['projector']?.pids[0] ?? null;
  }

  postmasterPid(): number | null {
    return postmasterOf(this.dataDir);
  }

  /** kill -9 of the gateway, and in the same breath of these others; resolves when all of them are gone. */
  async kill(...others: readonly (number | null)[]): Promise<void> {
    const ended = this.gateway.exited();
    const pids = others.filter((pid) => pid !== null);
    for (const pid of [this.gateway.pid, ...pids]) killHard(pid);
    await ended;
    for (const pid of pids) await gone(pid);
  }

  /** An operator's command, not started yet. */
  command(): AppProcess {
    return new AppProcess('overture', 'cli', { OVERTURE_DATA: join(this.dataDir, 'data') });
  }

  /** Compares the live tables with a fold from zero, by the operator's own command. */
  async rebuildDifferences(): Promise<string[]> {
    const command = this.command();
    command.start('rebuild', '--compare-only', '--json');
    await command.exited();
    return rebuildDifferences(command.stdout || command.printed);
  }

  /** Stops everything; keeps the data if they are evidence. */
  async discard(keepData: boolean): Promise<void> {
    await this.running?.stop();
    const orphan = this.postmasterPid();
    if (orphan !== null) {
      killHard(orphan);
      await gone(orphan);
    }
    await this.upstream.close();
    if (keepData) process.stderr.write(`What is left of it is in ${this.dataDir}\n`);
    else rmSync(this.dataDir, { recursive: true, force: true });
  }
}

/**
 * The installation of a campaign that needs nothing special: it runs before the first round, and its data stay as
 * evidence unless all rounds were sound. For the top of a `describe`.
 */
export function installationFor(campaign: Campaign, choices: Partial<Choices> = {}): () => InstallationUnderFault {
  let installation: InstallationUnderFault;
  beforeAll(async () => {
    installation = await InstallationUnderFault.create(moodyProvider(campaign.dice(-1)), choices);
    await installation.start();
  });
  afterAll(async () => {
    campaign.report();
    await installation.discard(!campaign.isSound);
  });
  return () => installation;
}

/** Concurrent requests of a campaign; the promise is made for 200 and more. */
const CROWD_SIZE = 210;

interface Report {
  readonly tables: readonly { table: string; equal: boolean; differingKeys: string[] }[];
}

/** What `overture rebuild --json` found to differ, in words. */
export function rebuildDifferences(stdout: string): string[] {
  const report = parseReport(stdout);
  if (report === null) return [`rebuild said: ${stdout}`];
  return report.tables
    .filter(({ equal }) => !equal)
    .map(({ table, differingKeys }) => `rebuild differs in ${table}: ${differingKeys.join(' ')}`);
}

function parseReport(text: string): Report | null {
  try {
    return JSON.parse(text) as Report;
  } catch {
    return null;
  }
}

export function killHard(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It was faster.
  }
}

/** Resolves when the process has ended. */
export async function gone(pid: number): Promise<void> {
  while (isRunning(pid)) await pause(LOOK_EVERY_MS);
}

/** Whether a process of this id does something; one that nobody has buried yet does not. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return !stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
  } catch {
    return false;
  }
}
