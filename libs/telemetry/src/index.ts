export * from './create-logger.js';
export * from './repeated-trouble.js';
export * from './trace-context.js';
export { VERSION } from './version.js';
export * from './system.clock.js';
export * from './nest-logger.js';
