import { Inject } from '@nestjs/common';
import { Command, CommandRunner, Option } from 'nest-commander';
import { Clock, type RequestRouted } from '#contracts';
import { decodeFact, type LogEvent } from '#event-log';
import { replayDecision, type ReplayedDecision } from '#routing';
import { CliConfig } from '../cli.config.js';
import { CommandFailedError } from '../cli.errors.js';
import { findRouted } from '../find-routed.js';

interface ReplayFlags {
  readonly request: string;
  readonly json?: boolean;
}

/** Exit code for a decision that cannot be derived again: the command did its work, and the answer is bad. */
const DIFFERENT = 2;

/** Derives one routing decision again, from what its event carries and nothing else. */
@Command({ name: 'replay', description: 'derive a routing decision again from the log alone' })
export class ReplayCommand extends CommandRunner {
  constructor(
    @Inject(CliConfig) private readonly config: CliConfig,
    @Inject(Clock) private readonly clock: Clock,
  ) {
    super();
  }

  override async run(_: string[], { request, json = false }: ReplayFlags): Promise<void> {
    const event = await findRouted(this.config, this.clock, request);
    if (event === null) throw new CommandFailedError(`The log has no routing decision for request ${request}.`);
    const routed = decodeFact(event).data as RequestRouted;
    const replayed = replayDecision(routed);
    console.log(json ? asJson(event, routed, replayed) : describeDecision(event, routed, replayed));
    if (!replayed.matches) process.exitCode = DIFFERENT;
  }

  @Option({ flags: '--request <id>', description: 'id of the request, from x-request-id', required: true })
  parseRequest(id: string): string {
    return id.toLowerCase();
  }

  @Option({ flags: '--json', description: 'print one JSON object' })
  parseJson(): boolean {
    return true;
  }
}

function describeDecision(event: LogEvent, routed: RequestRouted, replayed: ReplayedDecision): string {
  const place = `partition ${event.partition}, offset ${event.offset}`;
  const { strategy, id, version, epsilon } = routed.policy;
  return [
    `Request ${routed.request_id} (${place}), "${routed.requested_model}" in cell ${routed.cell}`,
    `${strategy} under policy ${id} v${version}, ε ${epsilon}, override ${routed.override ?? 'none'}`,
    `uniform ${routed.uniform}`,
    ...routed.candidates.map(({ id: candidate, probability }) => {
      const derived = replayed.probabilities.get(candidate);
      return `  ${candidate === routed.chosen ? '→' : ' '} ${candidate}: logged ${probability}, derived ${derived}`;
    }),
    ...routed.excluded.map(({ id: candidate, reason }) => `    ${candidate}: excluded, ${reason}`),
    replayed.matches
      ? `Derived again: ${replayed.chosen}, equal to the bit.`
      : `Derived ${replayed.chosen}, and different in ${replayed.differences.join(', ')}.`,
  ].join('\n');
}

function asJson(event: LogEvent, routed: RequestRouted, replayed: ReplayedDecision): string {
  const { matches, differences, chosen, probabilities } = replayed;
  return JSON.stringify(
    {
      request_id: routed.request_id,
      partition: event.partition,
      offset: String(event.offset),
      matches,
      differences,
      logged: { chosen: routed.chosen, probability: routed.probability, uniform: routed.uniform },
      derived: { chosen, probabilities: Object.fromEntries(probabilities) },
    },
    null,
    2,
  );
}
