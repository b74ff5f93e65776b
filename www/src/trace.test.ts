import type { ProgressEvent } from 'purge-unlearning';
import { expect, it } from 'vitest';
import { evaluation } from './evaluation.fixture';
import { close, degrees, extend, secondsLeft, startTrace } from './trace';

const event = (step: number, forgetAccuracy: number): ProgressEvent => ({
  type: 'progress',
  step,
  epoch: 1,
  stepsPerEpoch: 7,
  maxSteps: 84,
  forgetAccuracy,
  retainLoss: 0.1,
  retainAccuracy: 97,
  projectedShare: 0,
  violationShare: 0,
  cosine: 0,
  elapsedMs: 100 * step,
  steps: [],
});

it('forget accuracy has a point at each check and none between', () => {
  let trace = startTrace(evaluation({ fa: 99, ra: 98 }));
  for (let step = 1; step <= 8; step++) trace = extend(trace, event(step, 100 - step), 4);
  expect(trace.forget).toEqual([
    [0, 99],
    [4, 96],
    [7, 93],
    [8, 92],
  ]);
  expect(trace.retain).toHaveLength(9);
});

it('the last points are those of the evaluation', () => {
  let trace = extend(startTrace(evaluation({ fa: 99, ra: 98 })), event(4, 50), 4);
  trace = close(trace, 4, evaluation({ fa: 49.5, ra: 97.5 }));
  expect(trace.forget).toEqual([
    [0, 99],
    [4, 49.5],
  ]);
  expect(trace.retain.at(-1)).toEqual([4, 97.5]);
});

it('the rest of a run takes as long a step as the steps so far', () => {
  expect(secondsLeft(event(42, 0))).toBeCloseTo(4.2);
});

it('an angle is in degrees, rounding errors of a cosine included', () => {
  expect(degrees(0)).toBeCloseTo(90);
  expect(degrees(-1.0000001)).toBe(180);
});
