import type { ProviderResponded, RequestRouted } from '#contracts';
import { decodeFact } from '#event-log';
import { NO_EVIDENCE, fadeTo, foldOutcome, type PosteriorState } from '#posterior';
import { replayDecision } from '#routing';
import { POLICY } from '../world/deployment.js';
import { TABLES, type Writes } from '../world/read-database.js';
import type { World } from '../world/world.js';

const REPLAYED = 6;

/** Watches every commit: cursors only go on, and tables hold the events before their cursor and no others. */
export function watchCursors(world: World): void {
  const { database, log } = world;
  const folded = new Map<number, number>();
  const reached = new Map<number, bigint>();
  database.onCommit = ({ rows, cursors }: Writes) => {
    for (const [partition] of rows.get('audit_log')?.values() ?? []) {
      folded.set(Number(partition), (folded.get(Number(partition)) ?? 0) + 1);
    }
    for (const [partition, { next }] of cursors) {
      const before = reached.get(partition) ?? 0n;
      if (next < before) world.broken('cursor', `partition ${partition} went back from ${before} to ${next}`);
      reached.set(partition, next);
    }
    for (const partition of new Set([...folded.keys(), ...cursors.keys()])) {
      const next = database.cursors.get(partition)?.next ?? 0n;
      const expected = log.distinctBefore(partition, next);
      const count = folded.get(partition) ?? 0;
      if (count !== expected) {
        world.broken(
          'cursor',
          `partition ${partition} at ${next}: ${count} events in the tables, ${expected} in the log`,
        );
      }
    }
  };
}

/** The shared log has what the journals have; the tables have what the log has. */
export function checkTables(world: World, journalled: ReadonlySet<string>): void {
  const { database, log } = world;
  const shipped = new Set(log.all().map(({ eventId }) => eventId));
  for (const id of journalled)
    if (!shipped.has(id)) world.broken('shipped', `event ${id} is in a journal and not in the log`);
  for (const id of shipped)
    if (!journalled.has(id)) world.broken('shipped', `event ${id} is in the log and in no journal`);
  for (const [partition, head] of log.heads()) {
    const next = database.cursors.get(partition)?.next ?? 0n;
    if (next !== head) world.broken('cursor', `partition ${partition} stands at ${next} of ${head}`);
  }
  const names = Object.keys(TABLES.get('budget_balance')!.columns);
  const [tenant, budget, period, amount] = ['tenantId', 'budgetId', 'period', 'chargedNanoUsd'].map((name) =>
    names.indexOf(name),
  );
  const sums = new Map<string, bigint>();
  for (const row of database.rowsOf('budget_balance').values()) {
    const name = `${row[budget!]}/${row[period!]}`;
    sums.set(name, (sums.get(name) ?? 0n) + BigInt(row[amount!]!));
    if (row[tenant!] === null) world.broken('I5', 'a balance of nobody');
  }
  world.trace.mix(JSON.stringify([...sums].map(([name, sum]) => `${name} ${sum}`)));
  return checkBalances(world, sums);
}

function checkBalances(world: World, sums: ReadonlyMap<string, bigint>): void {
  for (const [name, account] of world.authority.accounts) {
    const { usedNanoUsd } = world.authority.books.standingOf(account);
    const balance = sums.get(name) ?? 0n;
    if (balance !== usedNanoUsd) world.broken('I5', `${name}: the tables say ${balance}, the authority ${usedNanoUsd}`);
  }
}

/** I11, I12: two folds of one log are the same, row by row and bit by bit. */
export function compareFolds(
  world: World,
  { invariant, folds: [one, other] }: { invariant: string; folds: readonly [readonly string[], readonly string[]] },
): void {
  world.trace.mix(other.join('\n'));
  const difference = one.find((row, index) => row !== other[index]) ?? other[one.length];
  if (difference !== undefined) world.broken(invariant, `the folds differ at: ${difference.slice(0, 300)}`);
}

/** Every decision was made on what the log had taught by the version that it names, and follows from its event. */
export function checkDecisions(world: World): void {
  for (const { events } of world.log.partitions.values()) {
    const seen = new Set<string>();
    const isFirst = events.map(({ eventId }) => !seen.has(eventId) && seen.add(eventId).has(eventId));
    const routed = events
      .filter(({ type }, index) => isFirst[index] === true && type === 'RequestRouted')
      .map((event) => decodeFact(event).data as RequestRouted);
    const byVersion = Map.groupBy(routed, ({ posterior_version: { next_offset } }) => next_offset);
    const states = new Map<string, PosteriorState>();
    const judge = (offset: bigint): void => {
      for (const decision of byVersion.get(String(offset)) ?? []) checkEvidence(world, decision, states);
    };
    judge(0n);
    for (const [index, event] of events.entries()) {
      const isNews = isFirst[index] === true && event.type === 'ProviderResponded';
      if (isNews) learn(states, JSON.parse(event.value) as ProviderResponded);
      judge(event.offset + 1n);
    }
    for (const decision of routed.slice(-REPLAYED)) {
      const { matches, differences } = replayDecision(decision);
      if (!matches) world.broken('replay', `${decision.request_id}: ${differences.join(', ')}`);
    }
  }
}

function checkEvidence(
  world: World,
  { cell, tick, candidates, request_id, posterior_version: { next_offset } }: RequestRouted,
  states: ReadonlyMap<string, PosteriorState>,
): void {
  const priors = POLICY.priors.health;
  for (const { id, health, utility } of candidates) {
    const known = fadeTo(states.get(`${cell} ${id}`) ?? NO_EVIDENCE, tick);
    const isSame =
      health.alpha === priors.alpha + known.health.successes &&
      health.beta === priors.beta + known.health.failures &&
      utility.sum === known.utility.sum;
    if (!isSame)
      world.broken('posterior', `${request_id} weighed ${id} by what the log does not say at ${next_offset}`);
  }
}

function learn(states: Map<string, PosteriorState>, responded: ProviderResponded): void {
  const key = `${responded.cell} ${responded.candidate}`;
  states.set(key, foldOutcome(states.get(key) ?? NO_EVIDENCE, responded));
}
