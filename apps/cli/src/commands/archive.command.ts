import { setTimeout } from 'node:timers/promises';
import { Inject } from '@nestjs/common';
import { Command, CommandRunner, Option } from 'nest-commander';
import { Clock } from '#contracts';
import { LogArchiver, openArchiveStore, type ArchivePass, type TrimPass } from '#event-log';
import { CliConfig } from '../cli.config.js';
import { CommandFailedError } from '../cli.errors.js';
import { describeArchivePass } from '../reports/describe-archive-pass.js';
import { explainFailure } from '../reports/explain-failure.js';
import { describeTrimPass } from '../reports/describe-trim-pass.js';
import { assertPresent } from '../installation.js';
import { openLog } from '../open-log.js';
import { TopicTrimming, parseAge } from '../archiving/topic-trimming.js';

interface ArchiveFlags {
  readonly follow?: boolean;
  readonly json?: boolean;
  readonly trimOlderThan?: number;
}

/** What one run works with. */
interface Work {
  readonly archiver: LogArchiver;
  readonly trimming: TopicTrimming | null;
  readonly json: boolean;
}

const PAUSE_MS = 5_000;
/** What is dropped was kept for days: it may wait for a minute. */
const TRIM_EVERY_MS = 60_000;

/**
 * Copies the log into sealed segments that outlive it, and drops from the topic what is in them, if told to. Needs no
 * gateway that runs, and the database only to drop.
 */
@Command({ name: 'archive', description: 'seal what the log holds into the archive that OVERTURE_ARCHIVE names' })
export class ArchiveCommand extends CommandRunner {
  constructor(
    @Inject(CliConfig) private readonly config: CliConfig,
    @Inject(Clock) private readonly clock: Clock,
  ) {
    super();
  }

  override async run(_: string[], { follow = false, json = false, trimOlderThan }: ArchiveFlags): Promise<void> {
    const location = this.config.archive;
    if (location === null) {
      throw new CommandFailedError('There is no archive: set OVERTURE_ARCHIVE to a folder or to s3://bucket/prefix.');
    }
    assertPresent(this.config);
    const log = openLog(this.config, this.clock);
    const store = openArchiveStore(location, this.clock);
    const archived = { log, store, clock: this.clock };
    const trimming = trimOlderThan === undefined ? null : TopicTrimming.open(this.config, archived, trimOlderThan);
    const work = { archiver: new LogArchiver(archived), trimming, json };
    try {
      await (follow ? this.follow(work) : this.sealOnce(work));
    } finally {
      await trimming?.close();
      await store.close();
      await log.close();
    }
  }

  /** Everything that is there, however little it is. */
  private async sealOnce(work: Work): Promise<void> {
    const pass = await work.archiver.seal({ all: true });
    await printArchived(work, pass);
    const trim = await work.trimming?.pass();
    if (trim !== undefined) printTrimmed(work, trim);
    if (pass.failed.size + (trim?.failed.size ?? 0) > 0) process.exitCode = 1;
  }

  /** Full segments and old ones as they come, until the process is told to end; what fails is tried again. */
  private async follow(work: Work): Promise<void> {
    const ending = new AbortController();
    const end = (): void => ending.abort();
    process.once('SIGTERM', end).once('SIGINT', end);
    const tell = (error: unknown): void => console.error(explainFailure(error, this.config) ?? error);
    for (let trimmedMs = -Infinity; !ending.signal.aborted;) {
      await this.sealDue(work, ending.signal).catch(tell);
      if (this.clock.monotonicMs() - trimmedMs >= TRIM_EVERY_MS) {
        await this.trimDue(work, ending.signal).catch(tell);
        trimmedMs = this.clock.monotonicMs();
      }
      await setTimeout(PAUSE_MS, undefined, { signal: ending.signal }).catch(() => undefined);
    }
  }

  private async sealDue(work: Work, signal: AbortSignal): Promise<void> {
    const pass = await work.archiver.seal({ signal });
    if (pass.sealed.length + pass.failed.size > 0) await printArchived(work, pass);
  }

  private async trimDue(work: Work, signal: AbortSignal): Promise<void> {
    const pass = await work.trimming?.pass(signal);
    if (pass !== undefined && pass.trimmed.length + pass.failed.size > 0) printTrimmed(work, pass);
  }

  @Option({ flags: '--follow', description: 'go on until stopped, sealing segments when they are full or an hour old' })
  parseFollow(): boolean {
    return true;
  }

  @Option({
    flags: '--trim-older-than <age>',
    description: 'drop from the topic what is archived, shown by the tables and older than e.g. 7d, 12h, 30m',
  })
  parseTrimOlderThan(age: string): number {
    return parseAge(age);
  }

  @Option({ flags: '--json', description: 'print one JSON object a pass, and one for what was dropped' })
  parseJson(): boolean {
    return true;
  }
}

async function printArchived({ archiver, json }: Work, pass: ArchivePass): Promise<void> {
  if (!json) return console.log(describeArchivePass(pass));
  const archivedTo = [...(await archiver.archivedTo())].map(([partition, next]) => [partition, String(next)]);
  const archived_to = Object.fromEntries(archivedTo) as object;
  console.log(JSON.stringify({ sealed: pass.sealed.map(rangeJson), failed: failedJson(pass), archived_to }));
}

function printTrimmed({ json }: Work, pass: TrimPass): void {
  const trimmed = pass.trimmed.map((range) => ({ ...rangeJson(range), records: String(range.next - range.first) }));
  console.log(json ? JSON.stringify({ trimmed, failed: failedJson(pass) }) : describeTrimPass(pass));
}

const rangeJson = ({ partition, first, next }: ArchivePass['sealed'][number]): object => ({
  partition,
  first_offset: String(first),
  next_offset: String(next),
});

const failedJson = ({ failed }: Pick<ArchivePass, 'failed'>): object[] =>
  [...failed].map(([partition, { message }]) => ({ partition, reason: message }));
