import type { AttackReport } from 'purge-unlearning';
import { describe, expect, it } from 'vitest';
import {
  attackable,
  curveSets,
  histogramsOf,
  intervalText,
  notesOf,
  numberRows,
  numberText,
  verdictWords,
} from './reports';

type Numbers = AttackReport['numbers'];

function report(value: number, more: Partial<AttackReport> = {}, interval?: [number, number]): AttackReport {
  const numbers: Numbers = [{ key: 'worst', label: 'Worst', unit: '', value, ...(interval && { interval }) }];
  return { attack: 'membership', options: {}, numbers, curves: [], histograms: [], notes: [], seconds: 1, ...more };
}

const info = { headline: 'worst' };
const verdict = (before: number, after: number, retrained: number) =>
  verdictWords(info, { before: report(before), after: report(after), retrained: report(retrained) });

describe('the verdict', () => {
  it('goes by where after is between before and retrained', () => {
    expect(verdict(100, 5, 0)).toBe('After is close to retrained.');
    expect(verdict(100, 40, 0)).toContain('nearer to retrained than to before');
    expect(verdict(100, 90, 0)).toContain('something is left');
    expect(verdict(100, 300, 0)).toContain('further from retrained than before was');
    expect(verdict(0, 59, 0)).toBe('Before and retrained do not differ here, but after does.');
    expect(verdict(3, 3, 3)).toContain('tells little');
    expect(verdict(9, 3, 3)).toBe('After is as retrained.');
  });

  it('says no difference where the interval holds retrained', () => {
    const after = report(0.55, {}, [0.5, 0.6]);
    expect(verdictWords(info, { before: report(0.9), after, retrained: report(0.51) })).toContain(
      'as far as this attack',
    );
  });

  it('is not given without the two that it is about', () => {
    expect(verdictWords(info, { before: report(1), retrained: report(0) })).toBe('');
    expect(verdictWords(info, { after: report(1), retrained: report(0) })).toBe('');
  });
});

describe('the histograms of a number', () => {
  const histogram = (edges: number[]) => ({ edges, members: [1, 2], nonMembers: [2, 1] });
  const withLogits = (edges: number[]) =>
    report(0, { histograms: [{ key: 'logit', label: 'Logit', histogram: histogram(edges) }] });

  it('have an axis that holds all of them', () => {
    const found = histogramsOf(
      { before: withLogits([-2, 0, 9]), after: report(1), retrained: withLogits([-14, -8, -3]) },
      'logit',
    );
    expect(found?.domain).toEqual([-14, 9]);
    expect(Object.keys(found?.histograms ?? {})).toEqual(['before', 'retrained']);
  });

  it('are none where no report has one', () => {
    expect(histogramsOf({ before: report(1) }, 'logit')).toBeUndefined();
  });
});

describe('the numbers of the reports', () => {
  it('stand side by side, each of what it is of, those that are missing left empty', () => {
    const numbers: Numbers = [
      { key: 'loss', label: 'By the loss', unit: '', of: '3', value: 0.5 },
      { key: 'loss', label: 'By the loss', unit: '', of: '5', value: 0.6 },
    ];
    const rows = numberRows({ before: report(0, { numbers }), after: report(1) });
    expect(rows.map(({ label }) => label)).toEqual(['By the loss: 3', 'By the loss: 5', 'Worst']);
    expect(rows.map(({ cells }) => cells.map((cell) => cell?.value))).toEqual([
      [0.5, undefined, undefined],
      [0.6, undefined, undefined],
      [undefined, 1, undefined],
    ]);
  });

  it('have their units', () => {
    expect(numberText({ value: 12, unit: 'steps' })).toBe('12\u202fsteps');
    expect(numberText({ value: 0.5123, unit: '' })).toBe('0.512');
    expect(numberText({ value: 826, unit: '' })).toBe('826');
    expect(numberText({ value: 99, unit: '%' }), 'beside 93.2 %').toBe('99.0\u202f%');
    expect(numberText({ value: -1.26, unit: 'points' })).toBe('−1.3\u202fpoints');
    expect(intervalText({ interval: [0.5, 0.5864], unit: '' })).toBe('0.500 to 0.586');
    expect(intervalText({ unit: '' })).toBe('');
  });

  it('say each note once', () => {
    const notes = [{ key: 'frozen', sentence: 'Frozen.' }];
    expect(notesOf({ before: report(0, { notes }), after: report(0, { notes }) })).toEqual(['Frozen.']);
  });
});

it('a curve has a line for each network, and those of a yardstick within a report are not told twice', () => {
  const curve = { key: 'course', label: 'Course', x: 'Steps', y: 'Recognised, %', ofReference: false };
  const points = (end: number): [number, number][] => [
    [0, 1],
    [end, 90],
  ];
  const [set, ...others] = curveSets({
    before: report(0, { curves: [{ ...curve, points: points(4) }] }),
    after: report(0, {
      curves: [
        { ...curve, points: points(9) },
        { ...curve, ofReference: true, points: points(50) },
      ],
    }),
  });
  expect(others).toEqual([]);
  expect(set?.lines.map(({ network }) => network)).toEqual(['before', 'after']);
  expect([set?.end, set?.domain]).toEqual([9, [0, 100]]);
});

it('what compares with retrained is not made on retrained', () => {
  expect(attackable({ second: 'needed' })).toEqual(['before', 'after']);
  expect(attackable({ second: 'welcome' })).toHaveLength(3);
});
