import { setTimeout as pause } from 'node:timers/promises';
import type { Pool } from 'pg';
import { isoTime, type Clock, type RequestRouted } from '#contracts';
import { KafkaEventLog, decodeFact, encodeFact, type KafkaSettings, type LogReader } from '#event-log';
import { PriceBook, chargeAfterCrash } from '#ledger';
import { findOpenRequests, foldedOffsets } from '#read-models';
import { CommandFailedError } from './cli.errors.js';
import { troubleTeller } from './reports/tell-trouble.js';

/** A bound against projectors that do not run, no measure of ones that do. */
const CATCH_UP_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 100;

/** A cluster as it is read and written. */
export interface ClusterLog {
  readonly log: LogReader;
  /** Connections of the migrator. */
  readonly pool: Pool;
  readonly kafka: KafkaSettings;
  readonly clock: Clock;
}

/**
 * Closes the requests that a slot's gateway has routed and that nobody can finish any more, its journal being lost:
 * each is charged at its hold, as a restart of the gateway would have done. Repeated, it has no second effect.
 * @returns how many there were. @throws CommandFailedError when the tables do not catch up with the log.
 */
export async function closeLostRequests(slot: string, cluster: ClusterLog): Promise<number> {
  const { log, pool, kafka, clock } = cluster;
  await caughtUp(log, pool);
  const source = `/gateway/${slot}`;
  const lost: RequestRouted[] = [];
  for (const { partition, offset } of await findOpenRequests(pool)) {
    const [event] = (await log.read(partition, offset, { maxEvents: 1 })).events;
    const fact = event === undefined ? undefined : decodeFact(event);
    if (fact?.source === source) lost.push(fact.data as RequestRouted);
  }
  if (lost.length === 0) return 0;
  const stamp = { source, time: isoTime(clock.epochMs()), catalogueVersion: new PriceBook().catalogueVersion };
  const onTrouble = troubleTeller();
  const topic = new KafkaEventLog({ ...kafka, clientId: 'overture-cli', onTrouble }, clock);
  try {
    await topic.append(lost.map((routed) => encodeFact(chargeAfterCrash(routed, stamp))));
  } finally {
    await topic.close();
  }
  return lost.length;
}

/** What the slot has shipped is all there already: the tables need to be where the log is now, not where it will be. */
async function caughtUp(log: LogReader, pool: Pool): Promise<void> {
  const heads = await log.heads();
  const deadlineMs = performance.now() + CATCH_UP_WITHIN_MS;
  for (;;) {
    const folded = await foldedOffsets(pool);
    if ([...heads].every(([partition, head]) => (folded.get(partition) ?? 0n) >= head)) return;
    if (performance.now() > deadlineMs) {
      throw new CommandFailedError(
        'The tables are behind the log, so nobody knows what the slot has left open: ' +
          'see that a projector runs, then ask again.',
      );
    }
    await pause(LOOK_EVERY_MS);
  }
}
