import type { Evaluation, ProgressEvent, StepScalars } from 'purge-unlearning';

export type Point = [step: number, value: number];

/** What a run has shown so far, as the charts draw it. */
export interface Trace {
  events: ProgressEvent[];
  steps: StepScalars[];
  /** Forget accuracy at each check, in percent; the first is from before. */
  forget: Point[];
  /** Accuracy on retain batches, in percent; the first is from before, on all of D_r. */
  retain: Point[];
}

/** The trace of a run that has yet to take a step. */
export function startTrace(before: Evaluation | undefined): Trace {
  return {
    events: [],
    steps: [],
    forget: before ? [[0, before.fa]] : [],
    retain: before ? [[0, before.ra]] : [],
  };
}

/** The trace with one more event; the arrays are shared, so that a long run costs no more a step than a short one. */
export function extend(trace: Trace, event: ProgressEvent, checkEvery: number): Trace {
  trace.events.push(event);
  trace.steps.push(...event.steps);
  trace.retain.push([event.step, event.retainAccuracy]);
  const checked = event.step % checkEvery === 0 || event.step % event.stepsPerEpoch === 0;
  if (checked) trace.forget.push([event.step, event.forgetAccuracy]);
  return { ...trace };
}

/** The trace of a run that is over: its last points are those of the evaluation. */
export function close(trace: Trace, steps: number, after: Evaluation): Trace {
  if (trace.forget.at(-1)?.[0] === steps) trace.forget.pop();
  trace.forget.push([steps, after.fa]);
  if (trace.retain.at(-1)?.[0] === steps) trace.retain.pop();
  trace.retain.push([steps, after.ra]);
  return { ...trace };
}

/** Seconds that the rest of a run takes at most: it may stop earlier. */
export function secondsLeft({ step, maxSteps, elapsedMs }: ProgressEvent): number {
  return step > 0 ? ((elapsedMs / step) * (maxSteps - step)) / 1000 : 0;
}

/** The angle between two directions, in degrees. */
export function degrees(cosine: number): number {
  return (Math.acos(Math.min(1, Math.max(-1, cosine))) * 180) / Math.PI;
}
