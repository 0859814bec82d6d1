import { Inject } from '@nestjs/common';
import { Command, CommandRunner } from 'nest-commander';
import { Clock } from '#contracts';
import { ensureTopics } from '#event-log';
import { DATABASE_LOGINS, migrate } from '#persistence';
import { prepareTenancy } from '../../../gateway/src/boot/prepare-tenancy.js';
import { ALL_MIGRATIONS } from '../migration.registry.js';
import { CliConfig, type ClusterSettings } from '../cli.config.js';
import { Installation } from '../installation.js';

/** Brings the database to what this release needs; on one machine a start of the gateway does the same. */
@Command({
  name: 'migrate',
  description: 'bring the database schema up to date; for a cluster, also topics and the first key',
})
export class MigrateCommand extends CommandRunner {
  constructor(
    @Inject(CliConfig) private readonly config: CliConfig,
    @Inject(Clock) private readonly clock: Clock,
  ) {
    super();
  }

  override async run(): Promise<void> {
    const { cluster } = this.config;
    const installation = await Installation.open(this.config, this.clock);
    try {
      const url = installation.url(DATABASE_LOGINS.migrator);
      const applied = await migrate(url, ALL_MIGRATIONS);
      console.log(applied.length === 0 ? 'The schema is up to date.' : `Migrated: ${applied.join(', ')}.`);
      if (cluster !== null) await this.prepareCluster(url, cluster);
    } finally {
      await installation.close();
    }
  }

  private async prepareCluster(url: string, { kafka, replicationFactor }: ClusterSettings): Promise<void> {
    const onTrouble = (message: string): void => console.error(`Kafka: ${message}`);
    const created = await ensureTopics(
      { ...kafka, clientId: 'overture-cli', onTrouble },
      { replicationFactor, minInsyncReplicas: Math.max(1, replicationFactor - 1) },
    );
    console.log(created.length === 0 ? 'The topic is as it should be.' : `Created: ${created.join(', ')}.`);
    const { mintedKey } = await prepareTenancy(url, this.config.gateway);
    if (mintedKey !== null) console.log(`API key (shown this once: keep it): ${mintedKey.reveal()}`);
  }
}
