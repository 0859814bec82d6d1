import { Inject } from '@nestjs/common';
import { Command, CommandRunner, Option } from 'nest-commander';
import { Clock } from '#contracts';
import { DATABASE_LOGINS, assertSchemaCurrent, createOrm, migrate } from '#persistence';
import { READ_MODELS, rebuildReadModels, type RebuildReport } from '#read-models';
import { ALL_MIGRATIONS } from '../migration.registry.js';
import { CliConfig } from '../cli.config.js';
import { describeRebuild } from '../reports/describe-rebuild.js';
import { Installation } from '../installation.js';
import { ProgressLine } from '../reports/progress-line.js';

interface RebuildFlags {
  readonly compareOnly?: boolean;
  readonly acceptDifferences?: boolean;
  readonly restart?: boolean;
  readonly dropOld?: boolean;
  readonly json?: boolean;
}

type RebuildEngines = Pick<Parameters<typeof rebuildReadModels>[0], 'log' | 'migrator' | 'projector'>;

/** Exit code for tables that differ: the command did its work, and the answer is bad. */
const DIFFERENT = 2;

/** Folds the log anew beside the live tables, compares every byte, and puts the new tables in their place. */
@Command({
  name: 'rebuild',
  description:
    'rebuild all read models from the log, compare them with the live ones, flip to the new ones; ' +
    'brings the schema up to date first, except with --compare-only',
})
export class RebuildCommand extends CommandRunner {
  constructor(
    @Inject(CliConfig) private readonly config: CliConfig,
    @Inject(Clock) private readonly clock: Clock,
  ) {
    super();
  }

  override async run(_: string[], flags: RebuildFlags): Promise<void> {
    const installation = await Installation.open(this.config, this.clock);
    try {
      const pools = {
        migrator: await installation.pool(DATABASE_LOGINS.migrator),
        projector: await installation.pool(DATABASE_LOGINS.projector),
      };
      await prepareSchema(installation.url(DATABASE_LOGINS.migrator), flags);
      const report = await this.rebuild({ ...pools, log: installation.log }, flags);
      console.log(flags.json === true ? JSON.stringify(report, null, 2) : describeRebuild(report));
      if (report.outcome === 'different') process.exitCode = DIFFERENT;
    } finally {
      await installation.close();
    }
  }

  private async rebuild(engines: RebuildEngines, flags: RebuildFlags): Promise<RebuildReport> {
    const { compareOnly = false, acceptDifferences = false, restart = false, dropOld = false } = flags;
    const progress = new ProgressLine(process.stderr, this.clock);
    try {
      return await rebuildReadModels({
        ...engines,
        clock: this.clock,
        projections: READ_MODELS,
        compareOnly,
        acceptDifferences,
        restart,
        dropOld,
        onProgress: ({ stage, done, total }) => {
          if (stage === 'fold') progress.show(done, total);
          else progress.say(`comparing table ${done + 1} of ${total}`);
        },
      });
    } finally {
      progress.end();
    }
  }

  @Option({
    flags: '--compare-only',
    description: 'read the whole log, compare, drop what was built; the live tables and the schema stay',
  })
  parseCompareOnly(): boolean {
    return true;
  }

  @Option({ flags: '--accept-differences', description: 'flip although tables differ from the live ones' })
  parseAcceptDifferences(): boolean {
    return true;
  }

  @Option({ flags: '--restart', description: 'start anew instead of going on with an interrupted rebuild' })
  parseRestart(): boolean {
    return true;
  }

  @Option({ flags: '--drop-old', description: 'drop replaced tables at once instead of after 24 hours' })
  parseDropOld(): boolean {
    return true;
  }

  @Option({ flags: '--json', description: 'print the report as one JSON object' })
  parseJson(): boolean {
    return true;
  }
}

/** A comparison changes nothing. @throws SchemaOutdatedError when it would need to. */
async function prepareSchema(url: string, { compareOnly = false }: RebuildFlags): Promise<void> {
  if (!compareOnly) {
    await migrate(url, ALL_MIGRATIONS);
    return;
  }
  const orm = await createOrm({ url, entities: [], poolMax: 1, statementTimeoutMs: 0, applicationName: 'overture' });
  try {
    await assertSchemaCurrent(orm.em, ALL_MIGRATIONS);
  } finally {
    await orm.close();
  }
}
