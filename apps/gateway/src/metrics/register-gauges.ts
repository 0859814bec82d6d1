import { cursors } from '#read-models';
import type { PosteriorFeed } from '../feeds/posteriors/posterior-feed.js';
import { ProjectionFigures } from './projection-figures.js';
import type { GatewayCore } from '../boot/gateway-core.js';

/** Values that are read when the metrics are scraped. */
export function registerGauges(core: GatewayCore, posteriors: PosteriorFeed): void {
  const { metrics, overload, facts, budgets, traffic } = core;
  metrics.gauge({ name: 'overture_requests_in_flight', help: 'Requests that are being answered.' }, () => {
    return overload.requestsInFlight;
  });
  metrics.gauge(
    { name: 'overture_journal_pending_batches', help: 'Batches handed to the journal and not durable yet.' },
    () => facts.pendingBatches,
  );
  registerJournal(core);
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
  registerDatabase(core);
  registerProjection(core);
  if (traffic.link !== null) {
    const { link } = traffic;
    const help = '1 while Redis answers in time.';
    metrics.gauge({ name: 'overture_redis_up', help, ofWorkers: 'min' }, () => (link.isUp ? 1 : 0));
  }
}

function registerJournal({ metrics, log }: GatewayCore): void {
  const events = 'Events ever written to this gateway’s journal, also those that it has let go.';
  metrics.gauge({ name: 'overture_journal_events', help: events }, () => log.lastSequence());
  metrics.gauge({ name: 'overture_journal_bytes', help: 'Bytes of this gateway’s journal on its disk.' }, () => {
    return log.size().bytes;
  });
  const bytesMax = 'Bytes of this gateway’s journal at which it takes nothing; requests are refused shortly before.';
  metrics.gauge({ name: 'overture_journal_bytes_max', help: bytesMax }, () => log.size().bytesMax);
}

/** Every worker looks at the same tables. */
function registerProjection({ metrics, projectedLog, em }: GatewayCore): void {
  const figures = new ProjectionFigures(
    () => projectedLog.heads(),
    () => cursors(em.fork()),
  );
  metrics.gauge(
    {
      name: 'overture_projection_lag_events',
      help: 'Events in the log (in a cluster the topic) that the tables do not show yet, as far as both last answered.',
      ofWorkers: 'max',
    },
    () => figures.lag(),
  );
  metrics.gauge(
    {
      name: 'overture_projection_halted_partitions',
      help: 'Partitions whose projection has stopped at an event, as PostgreSQL last said.',
      ofWorkers: 'max',
    },
    () => figures.halted(),
  );
}

function registerDatabase({ metrics, database }: GatewayCore): void {
  metrics.gauge(
    { name: 'overture_database_up', help: '1 while PostgreSQL has answered in the last 5 s.', ofWorkers: 'min' },
    () => (database.isUp ? 1 : 0),
  );
  metrics.gauge(
    {
      name: 'overture_authority_silent_seconds',
      help: 'For how long PostgreSQL, the authority over budgets, has not answered; from 30 on budgets grant nothing.',
      ofWorkers: 'max',
    },
    () => database.silentMs / 1000,
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
