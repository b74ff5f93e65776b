import { attacks, type StopReason } from 'purge-unlearning';
import type { ComparedRun, Comparison } from '../comparing/comparison.svelte';
import { entryTitle } from '../comparing/entries';
import type { Scores } from '../comparing/scores';
import type { ClassWords } from './class-words';
import { counted, percent, whole } from './format';

/** Why a run ended, in as few words as fit into a cell. */
export const stopInShort: Record<StopReason, string> = {
  forget_target: 'target',
  retain_budget: 'retain budget',
  epoch_limit: 'epoch limit',
  cancelled: 'cancelled',
  nothing_to_forget: 'nothing to forget',
  diverged: 'diverged',
};

/** How a run of the comparison stands. */
export function stateWords({ state, progress, stop, message, evaluation }: ComparedRun): string {
  switch (state) {
    case 'waiting':
      return 'waits';
    case 'running':
      if (evaluation) return 'is attacked';
      return progress ? `step ${whole(progress.step)} of ${whole(progress.maxSteps)}` : 'begins';
    case 'over':
      return stop ? stopInShort[stop] : '';
    case 'failed':
      return `failed: ${message}`;
    case 'cancelled':
      return 'not run';
  }
}

const yardstickWords = { before: 'from before', retrained: 'that was retrained' } as const;

/** Which run of the comparison is under way; how many there are once none is. */
export function comparisonStatus(comparison: Comparison | undefined): string {
  if (!comparison) return '';
  const { runs, next, judging } = comparison;
  const attack = judging && attacks.find(({ name }) => name === judging.attack)?.title.toLowerCase();
  if (judging?.yardstick) return `The network ${yardstickWords[judging.yardstick]} is attacked: ${attack}`;
  if (next && attack) return `Run ${runs.indexOf(next) + 1} of ${runs.length}: ${entryTitle(next.entry)}, ${attack}`;
  if (next) return `Run ${runs.indexOf(next) + 1} of ${runs.length}: ${entryTitle(next.entry)}`;
  return `${counted(runs.filter(({ state }) => state === 'over').length, 'run')} measured.`;
}

/** What a point of the picture is, in words. */
export function pointWords(title: string, { taRetained, fa, mia, tow }: Scores, isDominated: boolean): string {
  const near = tow === undefined ? '' : `, tug of war ${tow.toFixed(3)}`;
  return (
    `${title}: ${percent(taRetained)} of the rest, ${percent(fa)} of what is forgotten, ` +
    `worst attack ${mia.toFixed(3)} from chance${near}${isDominated ? '; another is as good in both and better in one' : ''}`
  );
}

/** A run that is over, for a sentence. */
export interface Finished {
  title: string;
  scores: Scores;
}

/** Nobody takes a class for forgotten of which more than this is recognised, in percent. */
const forgotten = 5;

/** What the comparison has found, made from its numbers. */
export function comparisonWords(runs: readonly Finished[], of: ClassWords): string {
  if (runs.length < 2) return '';
  const good = runs.filter(({ scores }) => scores.fa <= forgotten);
  if (good.length === 0) return `None of them got to ${forgotten}\u202f% of the ${of.all} or less.`;
  const keeps = best(good, ({ scores }) => scores.taRetained);
  if (good.length === 1) {
    const alone = `Only ${keeps.title} recognises at most ${forgotten}\u202f% of the ${of.all} afterwards`;
    return `${alone}, and ${percent(keeps.scores.taRetained)} of the rest.`;
  }
  const near = good.every(({ scores }) => scores.tow !== undefined)
    ? best(good, ({ scores }) => scores.tow ?? 0)
    : undefined;
  const all = runs.length === 2 ? 'Both' : `All ${runs.length}`;
  const count = good.length === runs.length ? all : `${good.length} of ${runs.length}`;
  const reached = `${count} recognise at most ${forgotten}\u202f% of the ${of.all} afterwards`;
  const told = good.map(({ scores: { fa, taRetained, tow } }) =>
    [percent(fa), percent(taRetained), tow?.toFixed(3)].join(),
  );
  if (new Set(told).size === 1) {
    return `${reached}, and ${percent(keeps.scores.taRetained)} of the rest: by these numbers they are alike.`;
  }
  const first = `${reached}. Of these ${keeps.title} keeps most of the rest: ${percent(keeps.scores.taRetained)}.`;
  if (!near) return first;
  return `${first} Nearest to retrained is ${near.title}, with a tug of war of ${(near.scores.tow ?? 0).toFixed(3)}.`;
}

function best<T>(list: readonly T[], value: (of: T) => number): T {
  return list.reduce((most, one) => (value(one) > value(most) ? one : most));
}
