import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { waitUntil } from '../../../engines/wait-until.js';
import type { Campaign } from '../../campaign.js';
import type { Crowd } from '../../lab/crowd.js';

const WATCH = pathToFileURL(join(import.meta.dirname, 'watch-journal.mjs')).href;
/** What is promised from the moment on in which it looks whether the folder is free. */
const REFUSED_WITHIN_MS = 1_000;
const LOCK = 'lock.sqlite';

/** A gateway that should not start. */
interface Starting {
  exited(): Promise<number | null>;
  ready(): Promise<void>;
  stop(): Promise<unknown>;
  /** All that it has printed so far. */
  said(): string;
}

type Start = (environment: Record<string, string>) => Promise<Starting>;

/** A line of watch-journal.mjs. */
interface Seen {
  readonly opened?: string;
  readonly ended?: number;
  readonly atMs: number;
}

/** Who has the folder, and where he is told to listen. */
export interface Holder {
  readonly pid: number;
  readonly port: string;
}

/** Starts gateways where one is at work already, and judges how they end. */
export class SecondGateways {
  private readonly folder = mkdtempSync(join(tmpdir(), 'overture-second-'));
  private started = 0;

  constructor(private readonly campaign: Campaign) {}

  discard(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Nobody's. */
  newFolder(): string {
    return mkdtempSync(join(this.folder, 'data-'));
  }

  /** One on the data of another: it is refused in time, told who has them, and has opened nothing but the lock. */
  async onTheSameFolder(holder: Holder, start: Start) {
    const { broken } = this.campaign;
    const { seen, said } = await this.start(start);
    const named = `is in use by process ${holder.pid} on ${hostname()}, running since `;
    if (!said.includes(named) || !said.includes(`:${holder.port}.`)) broken.push(`it said: ${said}`);
    const opened = seen.flatMap((line) => line.opened ?? []).map((path) => basename(path));
    if (opened.length === 0 || opened.some((name) => name !== LOCK)) broken.push(`it opened ${opened.join(' ')}`);
    const tookMs = (seen.at(-1)?.atMs ?? Infinity) - (seen[0]?.atMs ?? 0);
    if (!(tookMs <= REFUSED_WITHIN_MS)) broken.push(`it ended ${tookMs} ms after it had looked`);
    this.campaign.most('refused_within_ms', Math.ceil(tookMs));
  }

  /** One with a folder of its own under another's name. */
  async underTheSameName(slot: string, start: Start) {
    const { said } = await this.start(start);
    const named = `The slot ${slot} belongs to another journal since `;
    if (!said.includes(named)) this.campaign.broken.push(`it said: ${said}`);
  }

  /** Nobody whom the first one answers has noticed anything. */
  checkCallers({ received, unanswered }: Crowd): void {
    const { broken } = this.campaign;
    if (unanswered > 0) broken.push(`${unanswered} requests got no answer`);
    for (const { clientId, status, code, finished } of received) {
      if (status === 200 ? !finished : code !== 'overloaded')
        broken.push(`${clientId} got ${status} ${code}, whole: ${finished}`);
    }
  }

  private async start(start: Start) {
    const report = join(this.folder, `${++this.started}.jsonl`);
    const second = await start({ NODE_OPTIONS: `--import=${WATCH}`, SEEN_IN_SECOND: report });
    const runs = second.ready().then(
      () => 'it runs',
      () => second.exited(),
    );
    const code = await Promise.race([second.exited(), runs]);
    this.campaign.injected += 1;
    if (typeof code !== 'number' || code === 0) {
      this.campaign.broken.push(`a second gateway was not refused: ${code}`);
      await second.stop();
    }
    await waitUntil(() => second.said().endsWith('\n')); // it may have ended before its last words are here
    const lines = existsSync(report) ? readFileSync(report, 'utf8').trim().split('\n') : [];
    return { seen: lines.map((line) => JSON.parse(line) as Seen), said: second.said() };
  }
}
