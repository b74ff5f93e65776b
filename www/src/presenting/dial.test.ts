import { expect, it } from 'vitest';
import { dialStep, longestNorm } from './dial';

const step = {
  step: 3,
  retainSqNorm: 4,
  forgetSqNorm: 9,
  updateNorm: 2.5,
  cosine: 0,
  updateCosine: 1,
  projected: true,
};

it('a step is drawn by norms and by angles to the retain gradient', () => {
  expect(dialStep(step)).toEqual({
    step: 3,
    retainNorm: 2,
    forgetNorm: 3,
    updateNorm: 2.5,
    forgetAngle: 90,
    updateAngle: 0,
    projected: true,
    retainOnly: false,
    violation: false,
  });
  expect(longestNorm([step, { ...step, updateNorm: 5 }, { step: 5 }])).toBe(5);
});

it('a step that reports less, or no numbers, is not drawn', () => {
  expect(dialStep(undefined)).toBeUndefined();
  expect(dialStep({ step: 1, forgetCe: 1, updateNorm: 2 })).toBeUndefined();
  expect(dialStep({ ...step, cosine: NaN })).toBeUndefined();
  expect(longestNorm([{ ...step, retainSqNorm: NaN, forgetSqNorm: Infinity }])).toBe(2.5);
});
