import { methods } from 'purge-unlearning';
import type { RunState } from './page-settings';

/** What is told with one click. */
export type StoryName = 'batch' | 'uniform';

/** PURGE as it is meant to be used. */
export function plainRun(): RunState {
  const preset = methods.find(({ name }) => name === 'purge')?.defaultPreset ?? 'strict';
  return { method: 'purge', preset, overrides: {} };
}

/** Forgetting by aiming at every class alike: a method of its own where there is one, else an objective of PURGE. */
export function uniformRun(): RunState {
  // By its text: a package may come without this method.
  const own = methods.find(({ name }) => String(name) === 'kl_uniform');
  if (own) return { method: own.name, preset: own.defaultPreset, overrides: {} };
  return { ...plainRun(), overrides: { objective: 'uniform' } };
}
