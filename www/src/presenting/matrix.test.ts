import { expect, it } from 'vitest';
import { classWords } from './class-words';
import { cells, shares } from './matrix';

const words = classWords(['0', '1']);
const before = [
  [90, 10],
  [0, 0],
];
const after = [
  [50, 50],
  [0, 4],
];

it('shares are of the row, and an empty row has none', () => {
  expect(shares(before)).toEqual([
    [90, 10],
    [0, 0],
  ]);
});

it('counts are written as they are, and nothing for none', () => {
  const shown = cells(after, before, 'counts', words);
  expect(shown.map((row) => row.map((cell) => cell.text))).toEqual([
    ['50', '50'],
    ['', '4'],
  ]);
  expect(shown[0]?.[1]?.words).toBe('50 zeros are taken for ones');
});

it('a difference is in points, and what has fallen is marked', () => {
  const shown = cells(after, before, 'difference', words);
  expect(shown[0]?.map((cell) => [cell.text, cell.fallen])).toEqual([
    ['−40', true],
    ['+40', false],
  ]);
});

it('the matrix that differences are taken to shows percent', () => {
  expect(cells(before, undefined, 'difference', words)[0]?.map((cell) => cell.text)).toEqual(['90', '10']);
});
