/**
 * Every fault campaign: `name` is the name of its spec, `rounds` how often the fault is injected per tier. A new fault
 * is one spec that opens a Campaign of its name, and one row here. A case of the log's suite that goes on for longer in
 * a night says where it is: `cases` are a spec and the beginning of a title.
 */
export const FAULTS = [
  { name: 'kill-gateway', what: 'kill -9 of the gateway under load, with or without its children', rounds: [25, 500] },
  { name: 'kill-cluster', what: 'kill -9 of any process of a cluster under load', rounds: [16, 120] },
  {
    name: 'kill-workers',
    what: 'kill -9, SIGTERM and SIGSTOP of single workers, kill -9 of their primary, under load',
    rounds: [4, 100],
  },
  { name: 'crash-points', what: 'a gateway ends itself by SIGKILL, so often at each labelled point', rounds: [3, 20] },
  { name: 'budget-edge', what: '200 requests at once at the edge of a budget, at three gateways', rounds: [50, 2000] },
  { name: 'kill-projector', what: 'kill -9 of the projector under load', rounds: [5, 200] },
  {
    name: 'postgres-loss',
    what: 'PostgreSQL killed, full of connections, its rows locked, under load',
    rounds: [5, 100],
  },
  {
    name: 'clock-jump',
    what: 'a wall clock an hour off, at a month end, set back a second, under load',
    rounds: [4, 200],
  },
  { name: 'poison', what: 'records in the log that cannot be folded, until they are mended', rounds: [20, 1000] },
  { name: 'rebuild-under-load', what: 'kill -9 of overture rebuild under load, seven times each', rounds: [3, 50] },
  { name: 'journal-damage', what: 'torn and damaged journal files after kill -9 of their writer', rounds: [20, 1000] },
  { name: 'journal-loss', what: 'a journal put back from an earlier copy; a changed bit in an event', rounds: [3, 50] },
  { name: 'fsync-error', what: "EIO of the journal's syncs, once or until the disk is back", rounds: [4, 200] },
  { name: 'disk-full', what: 'the file system of the journal is full, and has room again', rounds: [3, 50] },
  { name: 'slow-disk', what: 'every sync of the journal takes 200 ms longer', rounds: [3, 20] },
  { name: 'power-loss', what: 'a power cut: unsynced writes of the journal are lost or torn', rounds: [20, 300] },
  { name: 'kafka-away', what: 'SIGSTOP, kill -9 and rolling restarts of Kafka under load', rounds: [3, 30] },
  { name: 'journal-full', what: 'Kafka away until journals are full, restarts while they are', rounds: [3, 50] },
  { name: 'partition', what: 'replicas cut off from Kafka, PostgreSQL or Redis, one way or both', rounds: [4, 100] },
  { name: 'bad-network', what: 'loss, delay, slices and resets on every connection', rounds: [3, 30] },
  { name: 'zombie-projector', what: 'a projector stopped until others have its partitions', rounds: [3, 100] },
  {
    name: 'lost-acknowledgement',
    what: 'acknowledgements of Kafka lost one after the other while other appends go on (C5)',
    rounds: [500, 500],
    cases: ['kafka/kafka.event-log.int.spec.ts', 'C5 loses and doubles nothing when hundreds'],
  },
  {
    name: 'broker-loss',
    what: 'the broker dead under 500 appends a second (C6)',
    rounds: [1, 5],
    cases: ['kafka/kafka.event-log.int.spec.ts', 'C6 loses nothing'],
  },
  {
    name: 'vanished-peer',
    what: 'connections to the broker that nothing passes any more, under 500 appends a second (C7)',
    rounds: [1, 5],
    cases: ['kafka/kafka.event-log.int.spec.ts', 'C7 goes on'],
  },
  {
    name: 'rebalance-storm',
    what: 'consumers of the log that join and leave every 2 s (C8)',
    rounds: [15, 150],
    cases: ['cursors/group-membership.int.spec.ts', 'C8'],
  },
  {
    name: 'log-soak',
    what: 'minutes of 1,000 events a second, on journal and Kafka (C14)',
    rounds: [1, 60],
    cases: ['soak/log-soak.int.spec.ts', 'C14'],
  },
  { name: 'redis-loss', what: 'FLUSHALL, kill -9, SIGSTOP and a stale successor of Redis under load', rounds: [6, 50] },
  { name: 'absurd-provider', what: 'statuses, names and counts of a provider that mean nothing', rounds: [25, 1000] },
  {
    name: 'misbehaving-provider',
    what: 'each of 84 ways in which a provider can fail, break off or lie',
    rounds: [1, 100],
  },
  { name: 'second-gateway', what: 'a second gateway on the data folder of one under load', rounds: [5, 50] },
  { name: 'graceful-stop', what: 'SIGTERM and Ctrl-C under load', rounds: [4, 50] },
];

/** Tiers in the order of `rounds`: a pull request waits minutes, a night has hours. */
export const TIERS = ['pr', 'nightly'];

/** Rounds of one fault in one tier. */
export function roundsOf(name, tier) {
  const fault = FAULTS.find((known) => known.name === name);
  const rounds = fault?.rounds[TIERS.indexOf(tier)];
  if (rounds === undefined) throw new Error(`No such fault or tier: ${name}, ${tier}. See test/faults/faults.mjs.`);
  return rounds;
}
