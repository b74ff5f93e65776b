import { expect, it } from 'vitest';
import { roundTop } from './scale';

it.each([
  [0, 0.2],
  [0.2, 0.2],
  [0.21, 0.5],
  [0.9, 1],
  [7, 10],
  [51, 100],
  [1234, 2000],
])('the top of an axis for %d is %d', (highest, top) => expect(roundTop(highest)).toBeCloseTo(top));
