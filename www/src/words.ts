import type {
  Attack,
  DatasetInfo,
  DeviceInfo,
  Evaluation,
  ModelInfo,
  ResolvedConfig,
  StopReason,
} from 'purge-unlearning';
import { counted, duration, figures, percent, signed, tenth, whole } from './format';

/** How sentences speak of a class. */
export interface ClassWords {
  /** The class's own name: "3", "smooth muscle". */
  name: string;
  /** At most four letters, for the head of a row: "3", "MUS". */
  short: string;
  /** The whole class, as in "Forget the 3s". */
  all: string;
  /** One image of it, with its article: "a three", "an image of mucus". */
  one: string;
  /** A number of its images: "threes", "images of mucus". */
  many: string;
}

const digits = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];

/** Tissue codes as in the data PathMNIST was made from. */
const tissues: Record<string, string> = {
  adipose: 'ADI',
  background: 'BACK',
  debris: 'DEB',
  lymphocytes: 'LYM',
  mucus: 'MUC',
  'smooth muscle': 'MUS',
  'normal colon mucosa': 'NORM',
  'cancer-associated stroma': 'STR',
  'colorectal adenocarcinoma epithelium': 'TUM',
};

/** Words for every class of a dataset. */
export function classWords(names: readonly string[]): ClassWords[] {
  return names.map((name, k) => {
    if (/^\d+$/.test(name)) {
      const word = digits[Number(name)] ?? name;
      const many = word === name ? `${name}s` : word === 'six' ? 'sixes' : `${word}s`;
      return { name, short: name, all: `${name}s`, one: `${/^(8|11$|18$)/.test(name) ? 'an' : 'a'} ${word}`, many };
    }
    const tissue = tissues[name];
    const [, number] = /^class (\d+)$/i.exec(name) ?? [];
    const short =
      tissue ?? number ?? (name.length <= 4 ? name : `${name.slice(0, 3)}${names.length > 20 ? '' : k}`).toUpperCase();
    return {
      name,
      short,
      all: tissue ? name : `${name} images`,
      one: `an image of ${name}`,
      many: `images of ${name}`,
    };
  });
}

/** The data's names for its classes, or where its files have none, those that the network learnt. */
export function namesOf(
  dataset: Pick<DatasetInfo, 'classNames'> | undefined,
  model: Pick<ModelInfo, 'classNames'> | undefined,
): readonly string[] {
  const names = dataset?.classNames ?? [];
  const numbered = names.every((name) => /^class \d+$/.test(name));
  return numbered && model?.classNames.length === names.length ? model.classNames : names;
}

/** Words for several classes as for one: "0s and 5s". Of more than three only their number is said. */
export function togetherWords(classes: readonly ClassWords[]): ClassWords | undefined {
  const [first] = classes;
  if (!first || classes.length === 1) return first;
  const few = classes.length <= 3;
  const listed = (words: string[]) => (few ? listWords(words) : `${classes.length} classes`);
  return {
    name: listed(classes.map((of) => of.name)),
    short: few ? classes.map((of) => of.short).join(', ') : `${classes.length}`,
    all: listed(classes.map((of) => of.all)),
    one: 'an image of them',
    many: listed(classes.map((of) => of.many)),
  };
}

/** "a", "a and b", "a, b and c" */
export function listWords(words: readonly string[]): string {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}`;
}

/** What the three columns of every comparison are called. A long name gives way to its code, so that titles stay level. */
export function columnTitles(of: ClassWords | undefined): readonly [string, string, string] {
  const all = of?.all ?? 'class';
  return ['Before', 'After', `Retrained without ${of && all.length > 16 ? of.short : all}`];
}

/** "41 threes are taken for fives" */
export function cellWords(count: number, of: ClassWords, as: ClassWords): string {
  const n = count === 0 ? 'No' : whole(count);
  if (of === as) return count === 1 ? `1 ${single(of)} is recognised` : `${n} ${of.many} are recognised`;
  if (count === 1) return `1 ${single(of)} is taken for ${as.one}`;
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

/** Why a run ended, and what that means. */
export function stopWords(
  stop: StopReason,
  steps: number,
  seconds: number,
  config: ResolvedConfig | undefined,
  of: ClassWords,
): string {
  const after = `after ${counted(steps, 'step')} and ${duration(seconds)}`;
  const target = config ? `${figures(config.targetForgetAccuracy)}\u202f%` : 'the target';
  switch (stop) {
    case 'forget_target':
      return `It stopped ${after}, when it recognised no more than ${target} of the ${of.all}.`;
    case 'retain_budget':
      return (
        `It stopped ${after} on the retain budget: the loss on the rest had passed ` +
        `${config ? `α = ${figures(config.retainBudget)} times` : 'its allowed multiple of'} its first value. ` +
        'To forget more would have cost too much of what shall stay. A smaller learning rate or a larger retain share may help.'
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
  }
}

/** Why the column of the retrained network is empty. */
export const noRetrainedWords = {
  absent: 'There is no network retrained without this to compare with.',
  unreachable: 'The network retrained without this could not be fetched.',
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

/** "28 × 28, grey" */
export function shapeWords({ height, width, channels }: Pick<DatasetInfo, 'height' | 'width' | 'channels'>): string {
  return `${height} × ${width}, ${channels === 1 ? 'grey' : channels === 3 ? 'colour' : `${channels} channels`}`;
}

/** How far a score is from the retrained network's. */
export function gapWords(after: number, yardstick: number, digits: number): string {
  return signed(after - yardstick, digits);
}

function single(of: ClassWords): string {
  return of.one.replace(/^an? /, '');
}
