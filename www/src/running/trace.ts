import type { Evaluation, ProgressEvent, StepScalars } from 'purge-unlearning';

export type Point = [step: number, value: number];

/** What a run has shown so far, as the charts draw it. */
export interface Trace {
  events: ProgressEvent[];
  steps: StepScalars[];
  /**
   * Forget accuracy in percent: on all that is forgotten where it was looked at, as `looks` has it, and on the newest batch
   * between, where the method has one; the first is from before.
   */
  forget: Point[];
  /** Those of them that are of all that is forgotten. */
  looks: Point[];
  /** Accuracy on retain batches, in percent; the first is from before, on all of D_r. */
  retain: Point[];
}

/** The trace of a run that has yet to take a step. */
export function emptyTrace(before: Evaluation | undefined): Trace {
  return {
    events: [],
    steps: [],
    forget: before ? [[0, before.fa]] : [],
    looks: before ? [[0, before.fa]] : [],
    retain: before ? [[0, before.ra]] : [],
  };
}

/** The trace with one more event; the arrays are shared, so that a long run costs no more a step than a short one. */
export function withEvent(trace: Trace, event: ProgressEvent): Trace {
  trace.events.push(event);
  trace.steps.push(...event.steps);
  // Where there is nothing to forget, no step is taken: its points are those from before.
  if (event.step === 0) return { ...trace };
  if (event.retainAccuracy !== undefined) trace.retain.push([event.step, event.retainAccuracy]);
  const ofBatch = event.steps.at(-1)?.forgetAccuracy;
  if (event.checkedStep === event.step) {
    trace.looks.push([event.step, event.forgetAccuracy]);
    trace.forget.push([event.step, event.forgetAccuracy]);
  } else if (ofBatch !== undefined) {
    trace.forget.push([event.step, ofBatch]);
  }
  return { ...trace };
}

/** The trace of a run that is over: the curves end where the network is now, with what was measured of it. */
export function withEnd(trace: Trace, networkStep: number, after: Evaluation): Trace {
  const until = (points: Point[]) => points.filter(([step]) => step < networkStep);
  return {
    ...trace,
    forget: [...until(trace.forget), [networkStep, after.fa]],
    looks: [...until(trace.looks), [networkStep, after.fa]],
    retain: [...until(trace.retain), [networkStep, after.ra]],
  };
}

/** The values of one scalar, step by step, where steps report it. */
export function scalarPoints(steps: readonly StepScalars[], scalar: string): Point[] {
  return steps.flatMap((step): Point[] => {
    const value = step[scalar];
    return typeof value === 'number' && Number.isFinite(value) ? [[step.step, value]] : [];
  });
}

/** Seconds that the rest of a run takes at most: it may stop earlier. */
export function secondsLeft({ step, maxSteps, elapsedMs }: ProgressEvent): number {
  return step > 0 ? ((elapsedMs / step) * (maxSteps - step)) / 1000 : 0;
}

/** The angle between two directions, in degrees. */
export function degrees(cosine: number): number {
  return (Math.acos(Math.min(1, Math.max(-1, cosine))) * 180) / Math.PI;
}
