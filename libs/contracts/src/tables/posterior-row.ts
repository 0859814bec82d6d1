import { Type, type Static } from 'typebox';
import { Count, Offset } from '../events/fields.js';

const Evidence = Type.Number({ minimum: 0 });

/**
 * The value of a message of the topic of posteriors: a row of the read model `posterior` as it stood after a commit.
 * Only optional fields may be added.
 */
export const PosteriorRow = Type.Object(
  {
    partition: Count,
    next_offset: Offset,
    generation: Type.Optional(Count),
    cell: Type.String({ minLength: 1 }),
    candidate: Type.String({ minLength: 1 }),
    state: Type.Object({
      tick: Count,
      health: Type.Object({ successes: Evidence, failures: Evidence }),
      utility: Type.Object({ n: Evidence, sum: Evidence, sum_squares: Evidence }),
    }),
  },
  { title: 'PosteriorRow v1' },
);
export type PosteriorRow = Static<typeof PosteriorRow>;
