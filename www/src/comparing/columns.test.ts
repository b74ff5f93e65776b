import { describe, expect, it } from 'vitest';
import { columnsOf, nextOrder, sorted, type Comparable } from './columns';

const row = (title: string, fa?: number): Comparable => ({
  title,
  scores: fa === undefined ? undefined : { taRetained: 90, fa, ra: 90, mia: 0 },
  seconds: undefined,
});
const titles = (rows: readonly Comparable[]) => rows.map(({ title }) => title).join(' ');

describe('the rows', () => {
  const rows = [row('c', 3), row('a'), row('b', 1), row('d', 3)];

  it('are sorted either way, those without a value last, equal ones as they were', () => {
    expect(titles(sorted(rows, 'fa', 'ascending'))).toBe('b c d a');
    expect(titles(sorted(rows, 'fa', 'descending'))).toBe('c d b a');
    expect(titles(sorted(rows, 'method', 'descending'))).toBe('d c b a');
    expect(titles(sorted(rows, 'tow', 'ascending'))).toBe('c a b d');
  });

  it('stay as they ran until something is asked for', () => {
    expect(titles(sorted(rows, 'run', 'descending'))).toBe('c a b d');
    expect(titles(rows)).toBe('c a b d');
  });
});

it('the columns of attacks are there once one was made', () => {
  const keys = (rows: readonly Comparable[]) => columnsOf(rows).map(({ key }) => key);
  const plain = row('a', 1);
  const attacked = { ...plain, scores: { ...plain.scores!, relearn: 4 } };
  expect(keys([plain])).not.toContain('relearn');
  expect(keys([plain, attacked])).toContain('relearn');
  expect(keys([plain, attacked])).not.toContain('probe');
});

it('a column begins with the best on top, and turns round', () => {
  expect(nextOrder('tow', { sort: 'run', order: 'ascending' })).toBe('descending');
  expect(nextOrder('fa', { sort: 'tow', order: 'descending' })).toBe('ascending');
  expect(nextOrder('fa', { sort: 'fa', order: 'ascending' })).toBe('descending');
  expect(nextOrder('method', { sort: 'fa', order: 'descending' })).toBe('ascending');
});
