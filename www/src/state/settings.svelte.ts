import type { MethodName, SettingKey } from 'purge-unlearning';
import { underMethod } from './methods';
import type { State } from './page-settings';
import { fromQuery, toQuery } from './query';

/** What the visitor has set. */
export const settings: State = $state(fromQuery(''));

/** Chooses a method, and drops what only the one before could be set to. */
export function chooseMethod(name: MethodName): void {
  Object.assign(settings, underMethod($state.snapshot(settings), name));
}

/** Sets one of the run's settings; `undefined`: back to the preset's value. */
export function override(key: SettingKey, value: string | number | boolean | undefined): void {
  const others = Object.entries(settings.overrides).filter(([other]) => other !== key);
  settings.overrides = Object.fromEntries(value === undefined ? others : [...others, [key, value]]);
}

interface Follower {
  /** Whether nothing may be set now: a run is under way. */
  locked(): boolean;
  /** Called when Back or Forward has set something. */
  changed(): void;
}

/** Takes the settings from the address, and keeps the two alike from then on. */
export function followAddress(follower: Follower): void {
  Object.assign(settings, fromQuery(window.location.search));
  const write = () => {
    const query = toQuery(settings);
    const { pathname, hash } = window.location;
    window.history.replaceState(window.history.state, '', `${pathname}${query && `?${query}`}${hash}`);
  };
  $effect.root(() => {
    $effect(write);
  });
  window.addEventListener('popstate', () => {
    const there = fromQuery(window.location.search);
    // A link within the page leads to an entry too.
    if (toQuery(there) === toQuery(settings)) return;
    // The entry has the settings from when it was left.
    if (follower.locked()) return write();
    Object.assign(settings, there);
    follower.changed();
  });
}
