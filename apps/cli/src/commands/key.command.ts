import { Inject } from '@nestjs/common';
import { Command, CommandRunner, SubCommand } from 'nest-commander';
import { Clock } from '#contracts';
import { DATABASE_LOGINS, listApiKeys, revokeApiKey, type ListedApiKey } from '#persistence';
import { announceKeyChange } from '#traffic';
import { CliConfig } from '../cli.config.js';
import { CommandFailedError } from '../cli.errors.js';
import { Installation } from '../installation.js';

/** Ends an API key for good. */
@SubCommand({ name: 'revoke', arguments: '<id>', description: 'end an API key for good; its id is in `key list`' })
export class KeyRevokeCommand extends CommandRunner {
  constructor(
    @Inject(CliConfig) private readonly config: CliConfig,
    @Inject(Clock) private readonly clock: Clock,
  ) {
    super();
  }

  override async run([id = '']: string[]): Promise<void> {
    const { redisUrl } = this.config;
    const installation = await Installation.open(this.config, this.clock);
    try {
      const pool = await installation.pool(DATABASE_LOGINS.migrator);
      const key = await revokeApiKey(pool, id, new Date(this.clock.epochMs()));
      if (key === undefined) throw new CommandFailedError(`There is no API key ${id}: see "overture key list".`);
      const told = redisUrl === null ? null : await announceKeyChange(redisUrl).catch(() => null);
      const when = told === null ? 'Gateways refuse it within two seconds.' : `Told ${told} gateway(s).`;
      console.log(`Revoked: ${key.name} (${key.prefix}…) of project ${key.project}. ${when}`);
    } finally {
      await installation.close();
    }
  }
}

/** What keys there are. */
@SubCommand({ name: 'list', description: 'what API keys there are, and which of them are revoked' })
export class KeyListCommand extends CommandRunner {
  constructor(
    @Inject(CliConfig) private readonly config: CliConfig,
    @Inject(Clock) private readonly clock: Clock,
  ) {
    super();
  }

  override async run(): Promise<void> {
    const installation = await Installation.open(this.config, this.clock);
    try {
      const pool = await installation.pool(DATABASE_LOGINS.migrator);
      for (const key of await listApiKeys(pool)) console.log(lineOf(key));
    } finally {
      await installation.close();
    }
  }
}

/** The operator's commands for API keys. */
@Command({ name: 'key', description: 'API keys: list, revoke', subCommands: [KeyRevokeCommand, KeyListCommand] })
export class KeyCommand extends CommandRunner {
  override run(): Promise<void> {
    throw new CommandFailedError('Say what to do with keys: "overture key list" or "overture key revoke <id>".');
  }
}

const lineOf = ({ id, name, prefix, project, createdAt, revokedAt }: ListedApiKey): string => {
  const state = revokedAt === null ? 'live' : `revoked ${revokedAt.toISOString()}`;
  return [id, project, name, `${prefix}…`, createdAt.toISOString(), state].join('  ');
};
