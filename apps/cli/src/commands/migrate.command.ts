import { Inject } from '@nestjs/common';
import { Command, CommandRunner } from 'nest-commander';
import { Clock } from '#contracts';
import { ensureTopics } from '#event-log';
import { DATABASE_LOGINS, migrate } from '#persistence';
import { prepareTenancy } from '../../../gateway/src/boot/prepare-tenancy.js';
import type { TenancyConfig } from '../../../gateway/src/config/gateway.config.js';
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
    // Everything that can be refused is read and asked before anything is changed.
    const { cluster } = this.config;
    const tenancy = cluster === null ? null : this.config.tenancy;
    const installation = await Installation.open(this.config, this.clock);
    try {
      const url = installation.url(DATABASE_LOGINS.migrator);
      await installation.pool(DATABASE_LOGINS.migrator);
      if (cluster !== null) await prepareTopics(cluster);
      const applied = await migrate(url, ALL_MIGRATIONS);
      console.log(applied.length === 0 ? 'The schema is up to date.' : `Migrated: ${applied.join(', ')}.`);
      if (tenancy !== null) await tellKey(url, tenancy);
    } finally {
      await installation.close();
    }
  }
}

/** @throws TopicMismatchError */
async function prepareTopics({ kafka, replicationFactor }: ClusterSettings): Promise<void> {
  const created = await ensureTopics(
    { ...kafka, clientId: 'overture-cli', onTrouble: () => undefined }, // what comes of it is told
    { replicationFactor, minInsyncReplicas: Math.max(1, replicationFactor - 1) },
  );
  console.log(created.length === 0 ? 'The topic is as it should be.' : `Created: ${created.join(', ')}.`);
}

async function tellKey(url: string, tenancy: TenancyConfig): Promise<void> {
  const { mintedKey } = await prepareTenancy(url, tenancy);
  if (mintedKey !== null) console.log(`API key (shown this once: keep it): ${mintedKey.reveal()}`);
}
