import { Inject } from '@nestjs/common';
import { Command, CommandRunner } from 'nest-commander';
import { Clock } from '#contracts';
import { DATABASE_LOGINS, migrate } from '#persistence';
import { ALL_MIGRATIONS } from '../migration.registry.js';
import { CliConfig } from '../cli.config.js';
import { Installation } from '../installation.js';

/** Brings the database to what this release needs; a start of the gateway does the same. */
@Command({ name: 'migrate', description: 'bring the database schema up to date' })
export class MigrateCommand extends CommandRunner {
  constructor(
    @Inject(CliConfig) private readonly config: CliConfig,
    @Inject(Clock) private readonly clock: Clock,
  ) {
    super();
  }

  override async run(): Promise<void> {
    const installation = await Installation.open(this.config, this.clock);
    try {
      const applied = await migrate(installation.url(DATABASE_LOGINS.migrator), ALL_MIGRATIONS);
      console.log(applied.length === 0 ? 'The schema is up to date.' : `Migrated: ${applied.join(', ')}.`);
    } finally {
      await installation.close();
    }
  }
}
