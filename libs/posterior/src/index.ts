export * from './cell-key.js';
export * from './fold-outcome.js';
export * from './posterior.state.js';
export * from './posterior-json.js';
export * from './posterior-row.js';
