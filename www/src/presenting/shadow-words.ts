import { entryTitle } from '../comparing/entries';
import type { ShadowResult } from '../measuring/shadows';

/** "PURGE, strict" */
export function shadowTitle({ method, preset }: ShadowResult): string {
  return method && preset ? entryTitle({ method, preset, overrides: {} }) : 'Before forgetting';
}

/** What shadow networks have shown, made from their numbers; nothing where none of them has forgotten. */
export function shadowWords(results: readonly ShadowResult[], all: string): string {
  const forgot = results.filter(({ method }) => method !== null);
  const halves = forgot.flatMap(({ privacy }) => (privacy ? [privacy.accuracy] : []));
  const told = forgot.flatMap((result) =>
    result.efficacy ? [{ title: shadowTitle(result), share: result.efficacy.accuracy }] : [],
  );
  const [least, ...others] = told.sort((a, b) => a.share - b.share);
  if (!least || halves.length === 0) return '';
  const half = `Which half it was is told right in ${Math.max(...halves).toFixed(3)} of cases at most.`;
  const next = others[0] ? `, after ${others[0].title} in ${others[0].share.toFixed(3)}` : '';
  return `${half} Whether a network once knew the ${all} is told right after ${least.title} in ${least.share.toFixed(3)} of cases${next}${
    others.length > 1 ? ' and after the others in no less' : ''
  }.`;
}
