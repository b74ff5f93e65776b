import { fromQuery, toQuery } from './query';
import type { State } from './state';

/** What the visitor has set; the address follows it. */
export const settings: State = $state(fromQuery(window.location.search));

$effect.root(() => {
  $effect(() => {
    const { pathname, hash } = window.location;
    const query = toQuery(settings);
    window.history.replaceState(window.history.state, '', `${pathname}${query && `?${query}`}${hash}`);
  });
});
