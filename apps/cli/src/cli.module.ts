import { Module } from '@nestjs/common';
import { InjectCommander } from 'nest-commander';
import { Clock } from '#contracts';
import { SystemClock } from '#telemetry';
import { CliConfig } from './cli.config.js';
import { ArchiveCommand } from './commands/archive.command.js';
import { KeyCommand, KeyListCommand, KeyRevokeCommand } from './commands/key.command.js';
import { MigrateCommand } from './commands/migrate.command.js';
import { RebuildCommand } from './commands/rebuild.command.js';
import { SlotCommand, SlotForfeitCommand } from './commands/slot.command.js';
import { ReplayCommand } from './commands/replay.command.js';

/** What is used of commander's program. */
interface Program {
  name(text: string): this;
  description(text: string): this;
}

/** The operator's commands, and what they are given. */
@Module({
  providers: [
    { provide: CliConfig, useFactory: () => new CliConfig() },
    { provide: Clock, useClass: SystemClock },
    ArchiveCommand,
    KeyCommand,
    KeyListCommand,
    KeyRevokeCommand,
    MigrateCommand,
    RebuildCommand,
    ReplayCommand,
    SlotCommand,
    SlotForfeitCommand,
  ],
})
export class CliModule {
  constructor(@InjectCommander() commander: Program) {
    commander.name('overture').description('operate an Igris Overture installation; OVERTURE_DATA names its data');
  }
}
