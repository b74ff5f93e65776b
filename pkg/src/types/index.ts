export type * from './attacking.js';
export type * from './loaded.js';
export type * from './runs.js';
export type * from './scores.js';
export type * from './session.js';
