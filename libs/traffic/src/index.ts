export { limitHeaders, refusalOf } from './limits/describe-limits.js';
export { LimitBook, type LimitRule, type LimitScope } from './limits/limit-book.js';
export { MemoryRateLimiter } from './limits/memory.rate-limiter.js';
export type { LimitDemand, LimitKind, LimitReading, Limits } from './limits/rate-limit.js';
export { RateLimiter } from './limits/rate-limiter.port.js';
export { RedisRateLimiter } from './limits/redis.rate-limiter.js';
export { RedisLink, type RedisLinkOptions } from './redis/redis-link.js';
