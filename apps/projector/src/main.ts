import 'reflect-metadata';
import { setPriority } from 'node:os';
import { NestFactory } from '@nestjs/core';
import { ReadModelsOutdatedError } from '#read-models';
import { NestLogger, SystemClock, createLogger } from '#telemetry';
import { ProjectorConfigError, readProjectorConfig } from './projector.config.js';
import { ProjectorModule } from './projector.module.js';
import { Projector } from './projector.js';
import { ProjectorStatus } from './status/projector-status.js';
import { StatusServer } from './status/status-server.js';

const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop.abort());
// A projector that outlived the gateway that started it would stand in the way of the next one.
process.on('disconnect', () => stop.abort());

try {
  const config = readProjectorConfig();
  const logger = createLogger(config.logLevel, 'projector');
  for (const warning of config.warnings) logger.warn(warning);
  setPriority(config.niceness);
  const status = new ProjectorStatus(new SystemClock());
  const server = config.statusAddress && (await StatusServer.listen(config.statusAddress, status));
  const app = await NestFactory.createApplicationContext(ProjectorModule.register(config, { logger, status }), {
    logger: new NestLogger(logger),
    abortOnError: false,
  });
  try {
    await app.get(Projector).run(stop.signal);
  } finally {
    await app.close();
    await server?.close();
  }
} catch (error) {
  // What an operator can mend is told in words; only the unexpected needs a stack.
  if (error instanceof ProjectorConfigError || error instanceof ReadModelsOutdatedError) console.error(error.message);
  else createLogger('info', 'projector').fatal({ err: error }, 'the projector ended');
  process.exitCode = 1;
} finally {
  // The channel to the parent would keep this process alive.
  if (process.connected) process.disconnect();
}
