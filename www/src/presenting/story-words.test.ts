import type { AttackReport } from 'purge-unlearning';
import { describe, expect, it } from 'vitest';
import { classWords } from './class-words';
import { batchWords, uniformWords } from './story-words';

const threes = classWords(['3'])[0]!;

function report(before: number, after: number, note?: string): AttackReport {
  const number = (key: string, value: number) => ({ key, label: key, unit: '%', value });
  return {
    attack: 'recalibrate',
    options: {},
    numbers: [number('fa_before', before), number('fa_after', after)],
    curves: [],
    histograms: [],
    notes: note ? [{ key: note, sentence: note }] : [],
    seconds: 1,
  };
}

describe('the story of batch norm', () => {
  it('says what the numbers say, whatever that is', () => {
    expect(batchWords(report(1, 60), threes)).toContain('Much of the class came back');
    expect(batchWords(report(1, 4), threes)).toContain('A little of the class');
    expect(batchWords(report(1, 0.5), threes)).toContain('did not come back');
    expect(batchWords(report(1, 60), threes)).toContain('1.0\u202f% of unseen 3s');
  });

  it('has nothing to tell of a network without it', () => {
    expect(batchWords(report(1, 1, 'no_batch_norm'), threes)).toContain('no batch norm');
  });
});

describe('the story of every class alike', () => {
  const run = (title: string, mia: number) => ({ title, scores: { taRetained: 98, fa: 1, ra: 98, mia } });

  it('is held against retrained where there is one, else against chance', () => {
    expect(uniformWords(run('A', 0.1), run('B', 0.02), 0.09)).toContain('A is nearer to retrained, which is 0.090');
    expect(uniformWords(run('A', 0.1), run('B', 0.02), undefined)).toContain('B is nearer to chance.');
    expect(uniformWords(run('A', 0.1), run('B', 0.1), undefined)).toContain('Both are as near to chance.');
  });
});
