import type { EntityManager } from '@mikro-orm/postgresql';
import type { Logger } from 'pino';
import { serialisePosterior } from '#posterior';
import { changedPosteriors } from '#read-models';
import type { PosteriorView } from '#routing';
import type { FeedSource } from './polled-feed.js';

/** Brings the posteriors that the projector has published into memory; gateways never fold themselves. */
export class PostgresPosteriorSource implements FeedSource {
  readonly name = 'posteriors';
  private versions: ReadonlyMap<number, bigint> = new Map();

  constructor(
    private readonly em: EntityManager,
    private readonly view: PosteriorView,
    private readonly logger: Logger,
  ) {}

  async refresh(): Promise<void> {
    const { versions, changed } = await changedPosteriors(this.em.fork(), this.versions);
    const byPartition = Map.groupBy(changed, ({ partition }) => partition);
    for (const [partition, nextOffset] of versions) {
      if (this.versions.get(partition) === nextOffset) continue;
      const published = (byPartition.get(partition) ?? []).map(({ cell, candidate, state }) => ({
        cell,
        candidate,
        posterior: serialisePosterior(state),
      }));
      const { broken } = this.view.apply({ partition, nextOffset }, published);
      if (broken > 0)
        this.logger.error({ partition, broken }, 'posteriors could not be read; these candidates start from the prior');
    }
    this.versions = versions;
  }
}
