import { methods } from 'purge-unlearning';
import { describe, expect, it } from 'vitest';
import { evaluation } from '../measuring/evaluation.fixture';
import { Comparison } from './comparison.svelte';
import { allEntries, entryKey, entryTitle, sweepEntries, sweepKey, sweepTargets, type Entry } from './entries';
import { rowsOf, spotsOf, sweepsOf } from './rows';

const about = { of: {}, classes: [3], nonMembers: 'test' } as const;

/** A comparison of which each run has recognised so much of what was forgotten, and of the rest. */
function comparisonOf(...runs: [Entry, fa: number, taRetained: number][]): Comparison {
  const comparison = new Comparison(about);
  comparison.want(runs.map(([entry]) => entry));
  runs.forEach(([, fa, taRetained], i) => {
    const measured = evaluation({ fa, taRetained });
    comparison.runs[i]?.finish({
      type: 'done',
      stop: 'forget_target',
      steps: 1,
      networkStep: 1,
      seconds: 1,
      evaluation: measured,
    });
  });
  return comparison;
}

describe('the runs of a comparison', () => {
  it('are of every method, of PURGE both presets that are meant for use', () => {
    const entries = allEntries(methods);
    expect(new Set(entries.map(({ method }) => method)).size).toBe(methods.length);
    expect(entries.slice(0, 2).map(entryTitle)).toEqual(['PURGE, published', 'PURGE, strict']);
    expect(new Set(entries.map(entryKey)).size).toBe(methods.length + 1);
  });

  it('of a sweep differ in the target alone', () => {
    const entries = sweepEntries({ method: 'fine_tune', preset: 'published', overrides: { epochs: 2 } });
    expect(entries).toHaveLength(sweepTargets.length);
    expect(new Set(entries.map(sweepKey)).size).toBe(1);
    expect(new Set(entries.map(entryKey)).size).toBe(sweepTargets.length);
    expect(entryTitle(entries[1]!)).toBe('Fine-tuning, target 5\u202f%, own settings');
  });

  it('are asked for once; what is there is not run again until all is', () => {
    const entries = allEntries(methods);
    const comparison = comparisonOf([entries[0]!, 1, 98]);
    comparison.want(entries);
    expect(comparison.runs).toHaveLength(entries.length);
    expect(comparison.runs.map(({ state }) => state)).toEqual(['over', ...entries.slice(1).map(() => 'waiting')]);
    comparison.cancel();
    expect([comparison.underWay, comparison.next]).toEqual([false, undefined]);
    const whole = comparisonOf([entries[0]!, 1, 98]);
    whole.want([entries[0]!]);
    expect(whole.next?.evaluation).toBeUndefined();
  });
});

describe('the picture', () => {
  const [first, second, third] = allEntries(methods) as [Entry, Entry, Entry];
  const comparison = comparisonOf([first, 1, 98], [second, 2, 97], [third, 40, 99]);

  it('has the networks that runs are held against, and they beat nobody', () => {
    const best = evaluation({ fa: 0, taRetained: 100 });
    const spots = spotsOf(rowsOf(comparison, evaluation({}), best), 'fa');
    expect(spots.map(({ role }) => role)).toEqual(['before', 'retrained', 'run', 'run', 'run']);
    expect(spots.map((spot) => spot.dominated)).toEqual([false, false, false, true, false]);
  });

  it('leaves retraining aside, whose own run is what all are held against, and a 0 that is by construction', () => {
    const [retraining, deep] = (['retrain', 'deep'] as const).map((method): Entry => ({
      method,
      preset: 'published',
      overrides: {},
    })) as [Entry, Entry];
    const rows = rowsOf(comparisonOf([first, 1, 98], [retraining, 0, 99], [deep, 0, 99]), undefined, undefined);
    const found = (against: 'fa' | 'mia') =>
      spotsOf(rows, against).map(({ label, aside, dominated }) => [label, aside, dominated]);
    expect(found('fa')).toEqual([
      ['PURGE, published', undefined, false],
      ['Retraining', 'yardstick', false],
      ['Deep †', 'masked', false],
    ]);
    expect(found('mia').slice(0, 1)).toEqual([['PURGE, published', undefined, true]]);
    expect(found('mia')[2]).toEqual(['Deep', undefined, false]);
  });

  it('shows how far retrained goes where there are several, and how near they are to each other', () => {
    const seeds = [evaluation({ fa: 0, taRetained: 98, ta: 90 }), evaluation({ fa: 0.2, taRetained: 97.5, ta: 89 })];
    const rows = rowsOf(comparison, evaluation({}), seeds[0], seeds);
    const [before, retrained] = rows;
    expect(before?.spread).toBeUndefined();
    expect(retrained?.spread).toMatchObject({ taRetained: [97.5, 98], fa: [0, 0.2] });
    const [least = 0, most] = retrained?.spread?.tow ?? [];
    expect([least.toFixed(4), most]).toEqual([(0.998 * 0.99).toFixed(4), 1]);
    expect(spotsOf(rows, 'fa')[1]?.spread).toEqual({ x: [0, 0.2], y: [97.5, 98] });
    expect(spotsOf(rowsOf(comparison, undefined, seeds[0]), 'fa')[0]?.spread).toBeUndefined();
  });

  it('has a line through the runs that differ in their target, by the target', () => {
    const [five, one] = [sweepEntries(first)[1]!, sweepEntries(first)[0]!];
    const swept = comparisonOf([five, 5, 98], [second, 2, 97], [one, 1, 96]);
    const [line, ...others] = sweepsOf(rowsOf(swept, undefined, undefined), 'fa');
    expect(others).toEqual([]);
    expect(line?.points).toEqual([
      { x: 1, y: 96 },
      { x: 5, y: 98 },
    ]);
  });
});
