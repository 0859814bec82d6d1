import 'reflect-metadata';
import { CommandFactory } from 'nest-commander';
import { CliConfig } from './cli.config.js';
import { CliModule } from './cli.module.js';
import { explainFailure } from './reports/explain-failure.js';

await CommandFactory.run(CliModule, {
  logger: false,
  cliName: 'overture',
  serviceErrorHandler: (error) => {
    console.error(explainFailure(error, new CliConfig()) ?? error);
    process.exitCode = 1;
  },
});
