import type { ProgressEvent } from 'purge-unlearning';
import { expect, it } from 'vitest';
import { evaluation } from '../measuring/evaluation.fixture';
import { degrees, emptyTrace, scalarPoints, secondsLeft, withEnd, withEvent } from './trace';

/** Of a run that looks at every fourth step. */
const event = (step: number, forgetAccuracy: number): ProgressEvent => ({
  type: 'progress',
  step,
  epoch: 1,
  stepsPerEpoch: 7,
  maxSteps: 84,
  forgetAccuracy,
  checkedStep: step - (step % 4),
  retainLoss: 0.1,
  retainAccuracy: 97,
  projectedShare: 0,
  violationShare: 0,
  cosine: 0,
  elapsedMs: 100 * step,
  steps: [],
});

it('forget accuracy has a point at each look', () => {
  let trace = emptyTrace(evaluation({ fa: 99, ra: 98 }));
  for (let step = 1; step <= 8; step++) trace = withEvent(trace, event(step, 100 - step));
  expect(trace.forget).toEqual([
    [0, 99],
    [4, 96],
    [8, 92],
  ]);
  expect(trace.looks).toEqual(trace.forget);
  expect(trace.retain).toHaveLength(9);
});

it('between looks forget accuracy is that of the batch', () => {
  let trace = emptyTrace(evaluation({ fa: 99, ra: 98 }));
  for (let step = 1; step <= 5; step++) {
    trace = withEvent(trace, { ...event(step, 40), steps: [{ step, forgetAccuracy: 100 - step }] });
  }
  expect(trace.forget).toEqual([
    [0, 99],
    [1, 99],
    [2, 98],
    [3, 97],
    [4, 40],
    [5, 95],
  ]);
  expect(trace.looks).toEqual([
    [0, 99],
    [4, 40],
  ]);
});

it('no step adds no point', () => {
  const trace = withEvent(emptyTrace(evaluation({ fa: 0.5, ra: 98 })), event(0, 0.5));
  expect(trace.forget).toEqual([[0, 0.5]]);
  expect(trace.retain).toEqual([[0, 98]]);
});

it('the last points are those of the evaluation', () => {
  let trace = withEvent(emptyTrace(evaluation({ fa: 99, ra: 98 })), event(4, 50));
  trace = withEnd(trace, 4, evaluation({ fa: 49.5, ra: 97.5 }));
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

it('the curves of a run that diverged end where the network is, and have no points that are no numbers', () => {
  let trace = emptyTrace(evaluation({ fa: 99, ra: 98 }));
  for (let step = 1; step <= 6; step++) trace = withEvent(trace, { ...event(step, 99), checkedStep: step });
  trace = withEnd(trace, 4, evaluation({ fa: 80, ra: 70 }));
  expect(trace.forget).toEqual([
    [0, 99],
    [1, 99],
    [2, 99],
    [3, 99],
    [4, 80],
  ]);
  expect(trace.retain.at(-1)).toEqual([4, 70]);
  const steps = [{ step: 1, forgetCe: 2 }, { step: 2 }, { step: 3, forgetCe: NaN }];
  expect(scalarPoints(steps, 'forgetCe')).toEqual([[1, 2]]);
});

it('a method that does not look at the rest has the two ends of its curve', () => {
  const blind = (given: ProgressEvent) => {
    delete given.retainAccuracy;
    return given;
  };
  let trace = emptyTrace(evaluation({ fa: 99, ra: 98 }));
  for (let step = 1; step <= 3; step++) trace = withEvent(trace, blind(event(step, 50)));
  trace = withEnd(trace, 3, evaluation({ fa: 2, ra: 40 }));
  expect(trace.retain).toEqual([
    [0, 98],
    [3, 40],
  ]);
});
