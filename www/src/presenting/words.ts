import type { Attack, DatasetInfo, DeviceInfo, Evaluation, Pace, ResolvedConfig } from 'purge-unlearning';
import type { NoRetrained } from '../measuring/retrained';
import type { RunResult } from '../running/run.svelte';
import { singular, type ClassWords } from './class-words';
import { counted, duration, figures, percent, signed, tenth, whole } from './format';

/** What the three columns of every comparison are called. A long name gives way to its code, so that titles stay level. */
export function columnTitles(of: ClassWords | undefined): readonly [string, string, string] {
  const all = of?.all ?? 'the class';
  return ['Before', 'After', `Retrained without ${of && all.length > 16 ? of.short : all}`];
}

/** What going on with the network as a run has left it means for the next run. */
export function keepWords({ stop }: Pick<RunResult, 'stop'>, of: ClassWords): string {
  return stop === 'forget_target' || stop === 'nothing_to_forget'
    ? 'The next run starts from this network, and what it has forgotten stays out of all it learns from.'
    : `The next run starts from this network. It has not forgotten the ${of.all} as far as it should, so they count among what it is to keep.`;
}

/** What it means for runs that only some of the images are loaded that the network learnt from. */
export function fewerImagesWords({ loaded, learnt }: { loaded: number; learnt: number }): string {
  return (
    `Only ${whole(loaded)} of the ${whole(learnt)} images that the network learnt from are loaded. Default presets go through them ` +
    `${figures(learnt / loaded)} times as often; still, a network retrained here comes to less than the one that comes with the page.`
  );
}

/** What stands where the numbers of a run will be. */
export function filledInWords(of: ClassWords | undefined): string {
  return of ? `Filled in when the ${of.all} are forgotten` : 'Filled in when the class is forgotten';
}

/** "41 threes are taken for fives" */
export function cellWords(count: number, of: ClassWords, as: ClassWords): string {
  const n = count === 0 ? 'No' : whole(count);
  if (of === as) return count === 1 ? `1 ${singular(of)} is recognised` : `${n} ${of.many} are recognised`;
  if (count === 1) return `1 ${singular(of)} is taken for ${as.one}`;
  return `${n} ${of.many} are taken for ${as.many}`;
}

/** "5.1 % of the threes are taken for fives" */
export function cellPercentWords(share: number, of: ClassWords, as: ClassWords): string {
  const what = of === as ? 'are recognised' : `are taken for ${as.many}`;
  return `${percent(share)} of the ${of.many} ${what}`;
}

/** "38.2 points more of the threes are taken for fives than before" */
export function cellDifferenceWords(points: number, of: ClassWords, as: ClassWords): string {
  const what = of === as ? 'are recognised' : `are taken for ${as.many}`;
  if (Math.abs(points) < 0.05) return `As many of the ${of.many} ${what} as before`;
  const more = points > 0 ? 'more' : 'fewer';
  return `${tenth(Math.abs(points))} points ${more} of the ${of.many} ${what} than before`;
}

/** What the run did, in one sentence made from its numbers. */
export function resultWords(before: Evaluation, after: Evaluation, of: ClassWords): string {
  const rest =
    before.ra - after.ra <= 1
      ? `still ${percent(after.ra)} of the rest`
      : `${percent(after.ra)} of the rest, down from ${percent(before.ra)}`;
  return `It recognises ${percent(after.fa)} of the ${of.all} it learnt from (${percent(before.fa)} before) and ${rest}.`;
}

/** What to say of scores that came with the page; undefined where all were measured here. */
export function storedWords({ before, retrained }: { before?: string | undefined; retrained?: string | undefined }) {
  const device = before ?? retrained;
  if (device === undefined) return undefined;
  const which =
    before === undefined ? 'Retrained was' : retrained === undefined ? 'Before was' : 'Before and retrained were';
  return `${which} measured when this page was made, on ${device}, not here.`;
}

/** Why a run ended, and what that means. */
export function stopWords(
  { stop, steps, seconds, networkStep }: RunResult,
  config: ResolvedConfig | undefined,
  of: ClassWords,
): string {
  const after = `after ${counted(steps, 'step')} and ${duration(seconds)}`;
  const { targetForgetAccuracy, retainBudget } = config ?? {};
  const target = targetForgetAccuracy === undefined ? 'the target' : `${figures(targetForgetAccuracy)}\u202f%`;
  if (!stop) {
    return `It ended ${after}. The engine stopped while what was left was being measured, so why it ended is not known.`;
  }
  switch (stop) {
    case 'forget_target':
      return `It stopped ${after}, when it recognised no more than ${target} of the ${of.all}.`;
    case 'retain_budget':
      return (
        `It stopped ${after} on the retain budget: the loss on the rest had passed ` +
        `${retainBudget === undefined ? 'its allowed multiple of' : `α = ${figures(retainBudget)} times`} its first value. ` +
        `To forget more would have cost too much of what shall stay. A smaller learning rate ${config?.retainShare === undefined ? '' : 'or a larger retain share '}may help.`
      );
    case 'epoch_limit':
      return `It stopped ${after} at the epoch limit, before the target was reached. More epochs or a larger learning rate may get there.`;
    case 'cancelled':
      return (
        `You stopped it ${after}. The network is as that step left it: partly unlearnt, whole and usable, and you can export it. ` +
        'The next run starts from the trained network again.'
      );
    case 'nothing_to_forget':
      return `There is nothing left to forget: it recognises no more than ${target} of the ${of.all} already, so no step was taken.`;
    case 'diverged':
      return (
        `The run diverged: ${after} a loss or a weight was no longer a number. The network is as it was ` +
        `${networkStep === 0 ? 'before the first step' : `after step ${whole(networkStep)}`}, where all was well for the last time, and that is what “After” shows. ` +
        'A smaller learning rate may help.'
      );
  }
}

/** Why the column of the retrained network is empty. */
export const noRetrainedWords: Record<NoRetrained, string> = {
  absent: 'There is no network retrained without this to compare with.',
  unreachable: 'The network retrained without this could not be fetched.',
  unusable: 'The network retrained without this cannot be used with these images.',
};

/** The area under the curve and how far it is from chance. */
export function aurocWords(auroc: number): string {
  const distance = auroc - 0.5;
  if (Math.abs(distance) < 0.0005) return 'exactly chance';
  return `${Math.abs(distance).toFixed(3)} ${distance > 0 ? 'above' : 'under'} chance`;
}

/** What a screen reader hears of a membership attack. */
export function attackWords(attack: Attack, evaluation: Evaluation): string {
  return (
    `Area under the curve ${attack.auroc.toFixed(3)}, ${aurocWords(attack.auroc)}, ` +
    `at a forget accuracy of ${percent(evaluation.fa)}; ` +
    `${whole(evaluation.members)} members against ${whole(evaluation.nonMembers)} unseen images.`
  );
}

/** "WebGPU" or "CPU" */
export function deviceWords(device: DeviceInfo): string {
  return device.kind === 'webgpu' ? 'WebGPU' : 'CPU';
}

/** How long a step takes a GPU that was chosen: "A step takes it 12 ms, and would take the CPU 57 ms." */
export function paceWords({ webgpu, cpu }: Pace): string {
  const [gpu, other] = [webgpu, cpu ?? NaN].map((ms) => `${figures(Number(ms.toPrecision(2)))}\u202fms`);
  return cpu === undefined ? `A step takes it ${gpu}.` : `A step takes it ${gpu}, and would take the CPU ${other}.`;
}

/** "28 × 28, grey" */
export function shapeWords({ height, width, channels }: Pick<DatasetInfo, 'height' | 'width' | 'channels'>): string {
  return `${height} × ${width}, ${channels === 1 ? 'grey' : channels === 3 ? 'colour' : `${channels} channels`}`;
}

/** How far a score is from the retrained network's. */
export function gapWords(after: number, yardstick: number, digits: number): string {
  return signed(after - yardstick, digits);
}
