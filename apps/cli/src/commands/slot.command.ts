import { Inject } from '@nestjs/common';
import { Command, CommandRunner, SubCommand } from 'nest-commander';
import { Clock } from '#contracts';
import { usdOf } from '#ledger';
import { DATABASE_LOGINS, assertSlotIdle, forfeitSlot } from '#persistence';
import { CliConfig } from '../cli.config.js';
import { closeLostRequests } from '../close-lost-requests.js';
import { CommandFailedError } from '../cli.errors.js';
import { Installation } from '../installation.js';

/** Gives up a slot whose journal is lost. */
@SubCommand({
  name: 'forfeit',
  arguments: '<slot>',
  description:
    'give up a slot whose disk is lost: what it left open is charged, what its slices had left counts as used, ' +
    'its name is free again',
})
export class SlotForfeitCommand extends CommandRunner {
  constructor(
    @Inject(CliConfig) private readonly config: CliConfig,
    @Inject(Clock) private readonly clock: Clock,
  ) {
    super();
  }

  override async run([slot = '']: string[]): Promise<void> {
    const { kafka } = this.config;
    if (kafka === null) throw new CommandFailedError('Slots are of clusters: set OVERTURE_KAFKA_BROKERS.');
    const installation = await Installation.open(this.config, this.clock);
    try {
      const pool = await installation.pool(DATABASE_LOGINS.migrator);
      if (!(await assertSlotIdle(pool, slot)))
        throw new CommandFailedError(`There is no slot ${slot} in this cluster.`);
      const closed = await closeLostRequests(slot, { log: installation.log, pool, kafka, clock: this.clock });
      // Last, so that a command that was cut off can be given again.
      const { slices, amountNanoUsd } = (await forfeitSlot(pool, slot)) ?? { slices: 0, amountNanoUsd: 0n };
      console.log(
        `Forfeited ${slot}: ${closed} open request(s) charged at their holds, ` +
          `${usdOf(amountNanoUsd)} USD in ${slices} slice(s) count as used.`,
      );
    } finally {
      await installation.close();
    }
  }
}

/** The operator's commands for slots. */
@Command({ name: 'slot', description: 'journal slots of a cluster: forfeit', subCommands: [SlotForfeitCommand] })
export class SlotCommand extends CommandRunner {
  override run(): Promise<void> {
    throw new CommandFailedError('Say what to do with a slot: "overture slot forfeit <slot>".');
  }
}
