import { fromQuery, toQuery, type State } from './state';

/** What the visitor has set; the address follows it. */
export const settings: State = $state(fromQuery(window.location.search));

$effect.root(() => {
  $effect(() => {
    const query = toQuery(settings);
    const address = new URL(window.location.href);
    address.search = query;
    window.history.replaceState(window.history.state, '', address);
  });
});
