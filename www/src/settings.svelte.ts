import type { UnlearnConfig } from 'purge-unlearning';
import { fromQuery, toQuery } from './query';
import type { PageState, State } from './state';

/** What the visitor has set; the address follows it. */
export const settings: State = $state(fromQuery(window.location.search));

$effect.root(() => {
  $effect(() => {
    const { pathname, hash } = window.location;
    const query = toQuery(settings);
    window.history.replaceState(window.history.state, '', `${pathname}${query && `?${query}`}${hash}`);
  });
});

/** The chosen classes, as a plain list that can be sent to the worker. */
export function toForget(): number[] {
  return [...settings.class];
}

/** What the settings say of a run; the preset says the rest. */
export function runSettings(): UnlearnConfig & Pick<PageState, 'preset'> {
  return { ...$state.snapshot(settings.overrides), forgetClass: toForget(), preset: settings.preset };
}
