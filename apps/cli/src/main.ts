import 'reflect-metadata';
import { CommandFactory } from 'nest-commander';
import { CliModule } from './cli.module.js';

/** Names of errors whose message is all that an operator needs. */
const TOLD_IN_WORDS = [
  'ArchiveStoreError',
  'BootstrapKeyRevokedError',
  'BudgetConfigurationError',
  'CommandFailedError',
  'ConfigurationError',
  'EmbeddedPostgresError',
  'ForeignArchiveError',
  'RebuildRefusedError',
  'SchemaOutdatedError',
  'SlotInUseError',
  'TopicMismatchError',
];

await CommandFactory.run(CliModule, {
  logger: false,
  cliName: 'overture',
  serviceErrorHandler: (error) => {
    console.error(TOLD_IN_WORDS.includes(error.name) ? error.message : error);
    process.exitCode = 1;
  },
});
