import type { StepScalars } from 'purge-unlearning';
import { degrees } from '../running/trace';

/** One step's directions, as the dial draws them. Angles are in degrees from the retain gradient. */
export interface DialStep {
  step: number;
  retainNorm: number;
  forgetNorm: number;
  updateNorm: number;
  forgetAngle: number;
  updateAngle: number;
  /** What would have harmed the rest was taken out. */
  projected: boolean;
  /** Only the rest was repaired. */
  retainOnly: boolean;
  /** It went against the rest all the same. */
  violation: boolean;
}

/** What the dial shows of a step; undefined where the step does not report all of it, or as no numbers. */
export function dialStep(step: StepScalars | undefined): DialStep | undefined {
  if (!step) return undefined;
  const { retainSqNorm, forgetSqNorm, updateNorm, cosine, updateCosine } = step;
  const numbers = [retainSqNorm, forgetSqNorm, updateNorm, cosine, updateCosine].filter(Number.isFinite);
  const [retainSquare, forgetSquare, update, forgetCosine, stepCosine] = numbers as number[];
  if (stepCosine === undefined) return undefined;
  return {
    step: step.step,
    retainNorm: Math.sqrt(retainSquare ?? 0),
    forgetNorm: Math.sqrt(forgetSquare ?? 0),
    updateNorm: update ?? 0,
    forgetAngle: degrees(forgetCosine ?? 0),
    updateAngle: degrees(stepCosine),
    projected: step.projected ?? false,
    retainOnly: step.retainOnly ?? false,
    violation: step.violation ?? false,
  };
}

/** The longest of all directions of these steps, to which the dial's lengths are drawn. */
export function longestNorm(steps: readonly StepScalars[]): number {
  let longest = 0;
  for (const { retainSqNorm = 0, forgetSqNorm = 0, updateNorm = 0 } of steps) {
    const squares = [retainSqNorm, forgetSqNorm, updateNorm ** 2];
    for (const square of squares) if (square > longest && Number.isFinite(square)) longest = square;
  }
  return Math.sqrt(longest);
}
