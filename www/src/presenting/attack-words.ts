import { attacks } from 'purge-unlearning';
import type { Attacked, Siege } from '../attacking/siege.svelte';

/** What the networks are called that attacks are made on. */
export const networkTitles: Record<Attacked, string> = { before: 'Before', after: 'After', retrained: 'Retrained' };

/** Which attack is under way, and on what. */
export function siegeStatus(siege: Siege | undefined): string {
  const next = siege?.next;
  if (!siege || !next) return '';
  const title = attacks.find(({ name }) => name === next.target.attack)?.title ?? next.target.attack;
  return `Attack ${siege.trials.indexOf(next) + 1} of ${siege.trials.length}: ${title}, on ${next.target.network}`;
}
