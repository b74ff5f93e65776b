import { expect, it } from 'vitest';
import { figures } from './format';

it.each([
  [0, '0'],
  [0.00052, '0.00052'],
  [12.345, '12.3'],
  [-99_999, '−100000'],
  [2.6e9, '2.6·10⁹'],
  [5e18, '5·10¹⁸'],
  [-1.26e-7, '−1.3·10⁻⁷'],
])('%d in three figures is %s', (value, text) => {
  expect(figures(value)).toBe(text);
});
