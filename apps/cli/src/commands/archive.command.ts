import { setTimeout } from 'node:timers/promises';
import { Inject } from '@nestjs/common';
import { Command, CommandRunner, Option } from 'nest-commander';
import { Clock } from '#contracts';
import { LogArchiver, openArchiveStore, type ArchivePass } from '#event-log';
import { CliConfig } from '../cli.config.js';
import { CommandFailedError } from '../cli.errors.js';
import { describeArchivePass } from '../reports/describe-archive-pass.js';
import { assertPresent } from '../installation.js';
import { openLog } from '../open-log.js';

interface ArchiveFlags {
  readonly follow?: boolean;
  readonly json?: boolean;
}

const PAUSE_MS = 5_000;

/** Copies the log into sealed segments that outlive it. Needs neither the database nor a gateway that runs. */
@Command({ name: 'archive', description: 'seal what the log holds into the archive that OVERTURE_ARCHIVE names' })
export class ArchiveCommand extends CommandRunner {
  constructor(
    @Inject(CliConfig) private readonly config: CliConfig,
    @Inject(Clock) private readonly clock: Clock,
  ) {
    super();
  }

  override async run(_: string[], { follow = false, json = false }: ArchiveFlags): Promise<void> {
    const location = this.config.archive;
    if (location === null) {
      throw new CommandFailedError('There is no archive: set OVERTURE_ARCHIVE to a folder or to s3://bucket/prefix.');
    }
    assertPresent(this.config);
    const log = openLog(this.config, this.clock);
    const store = openArchiveStore(location, this.clock);
    const archiver = new LogArchiver({ log, store, clock: this.clock });
    try {
      await (follow ? this.follow(archiver, json) : this.sealOnce(archiver, json));
    } finally {
      await store.close();
      await log.close();
    }
  }

  /** Everything that is there, however little it is. */
  private async sealOnce(archiver: LogArchiver, json: boolean): Promise<void> {
    const pass = await archiver.seal({ all: true });
    const archivedTo = await archiver.archivedTo();
    console.log(json ? asJson(pass, archivedTo) : describeArchivePass(pass));
    if (pass.failed.size > 0) process.exitCode = 1;
  }

  /** Full segments and old ones as they come, until the process is told to end; what fails is tried again. */
  private async follow(archiver: LogArchiver, json: boolean): Promise<void> {
    const ending = new AbortController();
    const end = (): void => ending.abort();
    process.once('SIGTERM', end).once('SIGINT', end);
    while (!ending.signal.aborted) {
      await this.sealDue(archiver, { json, signal: ending.signal }).catch((error: unknown) => console.error(error));
      await setTimeout(PAUSE_MS, undefined, { signal: ending.signal }).catch(() => undefined);
    }
  }

  private async sealDue(
    archiver: LogArchiver,
    { json, signal }: { readonly json: boolean; readonly signal: AbortSignal },
  ): Promise<void> {
    const pass = await archiver.seal({ signal });
    if (pass.sealed.length + pass.failed.size === 0) return;
    console.log(json ? asJson(pass, await archiver.archivedTo()) : describeArchivePass(pass));
  }

  @Option({ flags: '--follow', description: 'go on until stopped, sealing segments when they are full or an hour old' })
  parseFollow(): boolean {
    return true;
  }

  @Option({ flags: '--json', description: 'print one JSON object a pass' })
  parseJson(): boolean {
    return true;
  }
}

function asJson({ sealed, failed }: ArchivePass, archivedTo: ReadonlyMap<number, bigint>): string {
  return JSON.stringify({
    sealed: sealed.map(({ partition, first, next }) => ({
      partition,
      first_offset: String(first),
      next_offset: String(next),
    })),
    failed: [...failed].map(([partition, { message }]) => ({ partition, reason: message })),
    archived_to: Object.fromEntries([...archivedTo].map(([partition, next]) => [partition, String(next)])),
  });
}
