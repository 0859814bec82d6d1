import type { ConfiguredLimit } from '../config/overture-file.schema.js';

/**
 * What one of several workers lets through where no Redis counts for all of them: its share, and at least one, so that
 * together they stay within the limit.
 */
export const shareOfLimits = (limits: readonly ConfiguredLimit[], workers: number): readonly ConfiguredLimit[] =>
  limits.map(({ requestsPerMinute, tokensPerMinute, concurrentRequests, ...rule }) => ({
    ...rule,
    ...(requestsPerMinute !== undefined && { requestsPerMinute: share(requestsPerMinute, workers) }),
    ...(tokensPerMinute !== undefined && { tokensPerMinute: share(tokensPerMinute, workers) }),
    ...(concurrentRequests !== undefined && { concurrentRequests: share(concurrentRequests, workers) }),
  }));

const share = (limit: number, workers: number): number => Math.max(1, Math.floor(limit / workers));
