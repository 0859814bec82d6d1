export * from './api-key.js';
export * from './guarded-routes.js';
export * from './key-directory.js';
export * from './principal.js';
export * from './require-permission.guard.js';
export * from './route-permission.js';
