import { expect, it } from 'vitest';
import { evaluation } from '../measuring/evaluation.fixture';
import { percent } from './format';
import { spreadOf, spreadWords } from './spread';

it('the yardstick’s spread is what its seeds came to, from the least to the largest', () => {
  const seeds = [98.1, 97.94, 98.31].map((taRetained) => evaluation({ taRetained }));
  const spread = spreadOf(seeds, (e) => e.taRetained);
  expect(spread).toEqual([97.94, 98.31]);
  expect(spreadWords(spread!, percent)).toBe('97.9–98.3');
  expect(spreadWords([0.4981, 0.5069], (value) => value.toFixed(3))).toBe('0.498–0.507');
  expect(spreadWords([0.01, 0.02], percent)).toBe('');
});

it('one network, or a score that is not there, has none', () => {
  expect(spreadOf([evaluation({})], (e) => e.fa)).toBeUndefined();
  expect(spreadOf([evaluation({}), evaluation({})], () => undefined)).toBeUndefined();
});
