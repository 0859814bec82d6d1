import { setTimeout as sleep } from 'node:timers/promises';
import { cursors } from '#read-models';
import type { PosteriorFeed } from '../feeds/posteriors/posterior-feed.js';
import type { GatewayCore } from './gateway-core.js';

const ANSWER_WITHIN_MS = 1_000;

/** Values that are read when the metrics are scraped; NaN while the database cannot be asked. */
export function registerGauges(core: GatewayCore, posteriors: PosteriorFeed): void {
  const { metrics, overload, facts, budgets, log, traffic } = core;
  metrics.gauge({ name: 'overture_requests_in_flight', help: 'Requests that are being answered.' }, () => {
    return overload.requestsInFlight;
  });
  metrics.gauge(
    { name: 'overture_journal_pending_batches', help: 'Batches handed to the journal and not durable yet.' },
    () => facts.pendingBatches,
  );
  metrics.gauge({ name: 'overture_journal_events', help: 'Events in this gateway’s journal.' }, () =>
    log.lastSequence(),
  );
  registerBacklog(core);
  if (posteriors.isFollowingTopic !== null) {
    const help = '1 while what was learnt comes by its topic.';
    metrics.gauge({ name: 'overture_posteriors_topic_up', help, ofWorkers: 'min' }, () =>
      posteriors.isFollowingTopic ? 1 : 0,
    );
  }
  metrics.gauge({ name: 'overture_open_holds', help: 'Holds of requests in flight.' }, () => {
    return budgets.snapshot().openHolds;
  });
  metrics.gauge({ name: 'overture_held_nano_usd', help: 'Nano-USD held for requests in flight.' }, () =>
    Number(budgets.snapshot().heldNanoUsd),
  );
  registerProjection(core);
  if (traffic.link !== null) {
    const { link } = traffic;
    const help = '1 while Redis answers in time.';
    metrics.gauge({ name: 'overture_redis_up', help, ofWorkers: 'min' }, () => (link.isUp ? 1 : 0));
  }
}

/** Every worker looks at the same tables. */
function registerProjection({ metrics, projectedLog, em }: GatewayCore): void {
  metrics.gauge(
    {
      name: 'overture_projection_lag_events',
      help: 'Events in the journal that the tables do not show yet.',
      ofWorkers: 'max',
    },
    () => withinReason(projectionLag(projectedLog, em.fork())),
  );
  metrics.gauge(
    {
      name: 'overture_projection_halted_partitions',
      help: 'Partitions whose projection has stopped at an event.',
      ofWorkers: 'max',
    },
    () => haltedPartitions(em.fork()).catch(() => Number.NaN),
  );
}

function registerBacklog({ metrics, shipper, clock }: GatewayCore): void {
  if (shipper === null) return;
  metrics.gauge(
    {
      name: 'overture_journal_backlog_events',
      help: 'Events in this journal that the shared log does not have yet.',
    },
    () => shipper.backlog().events,
  );
  metrics.gauge(
    {
      name: 'overture_journal_backlog_seconds',
      help: 'For how long the shared log has taken none of them.',
      ofWorkers: 'max',
    },
    () => {
      const { sinceMs } = shipper.backlog();
      return sinceMs === null ? 0 : (clock.monotonicMs() - sinceMs) / 1000;
    },
  );
}

async function haltedPartitions(em: GatewayCore['em']): Promise<number> {
  const known = [...(await cursors(em)).values()];
  return known.filter(({ halted }) => halted !== null).length;
}

/** A scrape does not wait for a log that is away. */
async function withinReason(value: Promise<number>): Promise<number> {
  const ended = new AbortController();
  const late = sleep(ANSWER_WITHIN_MS, Number.NaN, { signal: ended.signal, ref: false });
  late.catch(() => undefined); // ended below
  const found = await Promise.race([value, late]).catch(() => Number.NaN);
  ended.abort();
  return found;
}

/** Sum over all partitions. */
async function projectionLag(log: GatewayCore['projectedLog'], em: GatewayCore['em']): Promise<number> {
  const heads = await log.heads();
  const folded = await cursors(em);
  let lag = 0n;
  for (const [partition, head] of heads) lag += head - (folded.get(partition)?.nextOffset ?? 0n);
  return Number(lag);
}
