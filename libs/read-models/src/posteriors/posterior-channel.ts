/**
 * PostgreSQL channel on which the projector says that posteriors changed, with the commit that changes them. Messages
 * are JSON, next offset by partition; a listener reads the changed rows with `changedPosteriors`. Losing one costs
 * nothing: the next one covers it.
 */
export const POSTERIOR_CHANNEL = 'overture_posteriors';
