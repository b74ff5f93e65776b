import { describe, expect, it } from 'vitest';
import { awayFromZero, downFromHundred } from './axes';

describe('the axis of what is forgotten', () => {
  it('begins at 0, ends at a round number, and has most room near 0', () => {
    const { at, marks } = awayFromZero([0, 3, 18], [0, 400], 100);
    expect(marks.at(0)).toBe(0);
    expect(marks.at(-1)).toBe(20);
    expect(at(5)).toBe(200);
    expect(at(99)).toBe(400);
  });

  it('takes distances from chance as well', () => {
    expect(awayFromZero([0.04], [0, 400], 0.5).marks).toContain(0.05);
  });
});

describe('the axis of the rest', () => {
  it('begins at 100 and ends under the lowest', () => {
    const { at, marks } = downFromHundred([99.2, 96], [0, 400]);
    expect([marks[0], marks.at(-1)]).toEqual([100, 95]);
    expect([at(100), at(95)]).toEqual([0, 400]);
    expect(downFromHundred([11], [0, 400]).marks.at(-1)).toBe(0);
  });

  it('has marks that do not touch', () => {
    const { at, marks } = downFromHundred([0], [0, 200]);
    marks.slice(1).forEach((mark, i) => expect(at(mark) - at(marks[i]!)).toBeGreaterThanOrEqual(20));
  });
});
