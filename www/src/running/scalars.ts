import { certificateScalars, type MethodInfo } from 'purge-unlearning';
import { roundTop } from '../presenting/scale';
import type { Point } from './trace';

export type Scalar = MethodInfo['scalars'][number];

/** The accuracies have a chart of their own. */
const drawnElsewhere = ['retainAccuracy', 'forgetAccuracy'];

/** What these scalars are called where there are better words than their formula. */
const titles: Record<string, string> = {
  retainCe: 'Loss on the rest',
  forgetCe: 'Loss on what is forgotten',
  certificateDot: 'Change of the loss on the rest, to first order',
  retainChange: 'Change of the loss on the rest',
  retainChangeFixed: 'Change of the loss on a fixed batch of the rest',
};

/** What the steps of a run report. */
export function reported(
  { scalars }: Pick<MethodInfo, 'scalars'>,
  certificate: boolean | undefined,
): Pick<MethodInfo, 'scalars'> {
  return { scalars: certificate ? [...scalars, ...certificateScalars] : scalars };
}

/** The scalars of a method that a chart can be drawn of, the losses first. */
export function drawable({ scalars }: Pick<MethodInfo, 'scalars'>): Scalar[] {
  const numbers = scalars.filter(({ key, kind }) => kind === 'number' && !drawnElsewhere.includes(key));
  const losses = Object.keys(titles).flatMap((loss) => numbers.filter(({ key }) => key === loss));
  return [...losses, ...numbers.filter((scalar) => !losses.includes(scalar))];
}

/** The one that is drawn: what is wanted, as far as the method reports it. */
export function drawn(method: Pick<MethodInfo, 'scalars'>, wanted: string): Scalar | undefined {
  const all = drawable(method);
  return all.find(({ key }) => key === wanted) ?? all[0];
}

export function scalarTitle({ key, label }: Scalar): string {
  return titles[key] ?? label;
}

/** The same over its chart, where it is said which images it is of. */
export function chartTitle(scalar: Scalar): string {
  return scalarTitle(scalar) + (scalar.key.endsWith('Fixed') ? '' : ', last batch');
}

/** The values that a chart of these points spans: from 0 on, or as far down as up where some are under it. */
export function domainOf(points: readonly Point[]): readonly [number, number] {
  const top = roundTop(points.reduce((highest, [, value]) => Math.max(highest, Math.abs(value)), 0));
  return [points.some(([, value]) => value < 0) ? -top : 0, top];
}
