import { describe, expect, it } from 'vitest';
import { comparisonWords, pointWords, type Finished } from './compare-words';
import { classWords } from './class-words';

const threes = classWords(['3'])[0]!;
const run = (title: string, fa: number, taRetained: number, tow?: number): Finished => ({
  title,
  scores: { taRetained, fa, ra: 99, mia: 0.02, ...(tow !== undefined && { tow }) },
});

describe('what a comparison has found', () => {
  it('is nothing before there is something to compare', () => {
    expect(comparisonWords([run('PURGE', 0, 98)], threes)).toBe('');
  });

  it('is who keeps most, and who is nearest to retrained, of those that forgot', () => {
    const words = comparisonWords([run('A', 1, 97, 0.9), run('B', 2, 98, 0.8), run('C', 60, 99, 0.3)], threes);
    expect(words).toBe(
      '2 of 3 recognise at most 5\u202f% of the 3s afterwards. Of these B keeps most of the rest: 98.0\u202f%. ' +
        'Nearest to retrained is A, with a tug of war of 0.900.',
    );
  });

  it('names nobody where all are alike', () => {
    const words = comparisonWords([run('A', 1, 98, 0.9), run('B', 1, 98, 0.9), run('C', 60, 99, 0.3)], threes);
    expect(words).toBe(
      '2 of 3 recognise at most 5\u202f% of the 3s afterwards, and 98.0\u202f% of the rest: by these numbers they are alike.',
    );
  });

  it('counts as one speaks', () => {
    expect(comparisonWords([run('A', 1, 97), run('B', 2, 98)], threes)).toMatch(/^Both recognise /);
    expect(comparisonWords([run('A', 1, 97, 0.9), run('B', 60, 98, 0.3)], threes)).toBe(
      'Only A recognises at most 5\u202f% of the 3s afterwards, and 97.0\u202f% of the rest.',
    );
  });

  it('says so where nobody forgot, and of no tug of war where there is no retrained network', () => {
    expect(comparisonWords([run('A', 50, 97), run('B', 60, 98)], threes)).toMatch(/^None of them/);
    expect(comparisonWords([run('A', 1, 97), run('B', 2, 98)], threes)).not.toContain('tug');
  });
});

it('a point says what it is, and whether another beats it', () => {
  const { scores } = run('A', 1, 97, 0.9);
  expect(pointWords('A', scores, false)).toBe(
    'A: 97.0\u202f% of the rest, 1.0\u202f% of what is forgotten, worst attack 0.020 from chance, tug of war 0.900',
  );
  expect(pointWords('A', scores, true)).toContain('another is as good in both and better in one');
});
