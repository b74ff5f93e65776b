import type { UnlearnConfig } from 'purge-unlearning';

interface Common {
  /** Name in the address, and the field of the state. */
  key: string;
  label: string;
  sentence: string;
  /** The paper's letter. */
  symbol?: string;
}

/** One of a few words. */
export interface ChoiceSetting extends Common {
  kind: 'choice';
  choices: readonly { value: string; label: string; sentence?: string }[];
}

/** A number from `min` to `max`, both included. */
export interface NumberSetting extends Common {
  kind: 'number';
  min: number;
  max: number;
  /** Only whole numbers. */
  whole?: boolean;
  unit?: string;
}

/** Some of the whole numbers from `min` to `max`, at least one of them. */
export interface ListSetting extends Common {
  kind: 'list';
  min: number;
  max: number;
}

/** On or off. */
export interface SwitchSetting extends Common {
  kind: 'switch';
}

/** A setting of a run: without a value of the visitor's, the preset's counts. */
export type RunSetting = (ChoiceSetting | NumberSetting | SwitchSetting) & {
  key: Exclude<keyof UnlearnConfig, 'forgetClass'>;
};

/** What the page shows and how; each has a default. */
export const pageSettings = [
  {
    kind: 'choice',
    key: 'device',
    default: 'auto',
    label: 'Device',
    sentence: 'Where the engine computes.',
    choices: [
      { value: 'auto', label: 'Automatic' },
      { value: 'webgpu', label: 'WebGPU' },
      { value: 'cpu', label: 'CPU' },
    ],
  },
  {
    kind: 'choice',
    key: 'dataset',
    default: 'mnist',
    label: 'Data',
    sentence: 'What the network has learnt.',
    choices: [
      { value: 'mnist', label: 'MNIST' },
      { value: 'pathmnist', label: 'PathMNIST' },
      { value: 'own', label: 'Your own' },
    ],
  },
  {
    kind: 'choice',
    key: 'size',
    default: 'light',
    label: 'Images',
    sentence: 'How much of PathMNIST is loaded.',
    choices: [
      {
        value: 'light',
        label: 'Light',
        sentence: 'A few hundred images a class: scores come in seconds on any laptop.',
      },
      {
        value: 'whole',
        label: 'Whole set',
        sentence: 'Every image there is: up to 252 MB to download and in memory, and slow without a GPU.',
      },
    ],
  },
  {
    kind: 'list',
    key: 'class',
    default: [3],
    min: 0,
    max: 999,
    label: 'Class',
    sentence: 'The class to forget, counted from 0, or several of them.',
  },
  {
    kind: 'choice',
    key: 'norm',
    default: 'group',
    label: 'Normalisation',
    sentence: 'How the network keeps its activations in range.',
    choices: [
      {
        value: 'group',
        label: 'Group norm',
        sentence: 'Keeps no statistics of the data, so nothing outside the weights remembers.',
      },
      {
        value: 'batch',
        label: 'Batch norm',
        sentence: 'Keeps running statistics, through which a forgotten class can come back.',
      },
    ],
  },
  {
    kind: 'choice',
    key: 'preset',
    default: 'strict',
    label: 'Preset',
    sentence: 'A set of values that suits the network.',
    choices: [
      {
        value: 'published',
        label: 'Published',
        sentence: 'The paper’s algorithm as it is, with a learning rate that suits this network.',
      },
      {
        value: 'strict',
        label: 'Strict',
        sentence: 'Our options added: no step, momentum included, may go against the rest.',
      },
      {
        value: 'authors',
        label: 'Authors',
        sentence: 'The authors’ raw values. They belong to a far larger network, and hardly forget here.',
      },
    ],
  },
  {
    kind: 'choice',
    key: 'split',
    default: 'test',
    label: 'Images counted',
    sentence: 'Which images the matrices count.',
    choices: [
      { value: 'test', label: 'Test' },
      { value: 'train', label: 'Training' },
    ],
  },
  {
    kind: 'choice',
    key: 'show',
    default: 'counts',
    label: 'Cells',
    sentence: 'What a cell of the matrices holds.',
    choices: [
      { value: 'counts', label: 'Counts' },
      { value: 'percent', label: 'Percent' },
      { value: 'difference', label: 'Difference' },
    ],
  },
  {
    kind: 'choice',
    key: 'attack',
    default: 'loss',
    label: 'Attack',
    sentence: 'What the attacker goes by.',
    choices: [
      { value: 'loss', label: 'Loss', sentence: 'A low loss on an image speaks for its having been learnt.' },
      {
        value: 'confidence',
        label: 'Confidence',
        sentence: 'A sure answer speaks for the image’s having been learnt, be it right or wrong.',
      },
    ],
  },
  {
    kind: 'choice',
    key: 'nonMembers',
    default: 'test',
    label: 'Compared with',
    sentence: 'The images that the network never saw.',
    choices: [
      { value: 'test', label: 'Test' },
      { value: 'val', label: 'Validation' },
    ],
  },
] as const satisfies readonly (
  | (ChoiceSetting & { default: string })
  | (NumberSetting & { default: number })
  | (ListSetting & { default: readonly number[] })
)[];

/** What can be set of a PURGE run, in the order of the method. */
export const runSettings = [
  {
    title: 'Forgetting',
    settings: [
      {
        kind: 'choice',
        key: 'objective',
        label: 'Objective',
        sentence: 'What the network shall say of the forgotten images instead.',
        choices: [
          { value: 'retain_confusion', label: 'Its mean answer on the rest' },
          { value: 'conditional', label: 'Its answer without the class' },
          { value: 'uniform', label: 'Every class alike' },
          { value: 'gradient_ascent', label: 'Anything but the truth' },
        ],
      },
      {
        kind: 'number',
        key: 'representationWeight',
        symbol: 'λ',
        min: 0,
        max: 10,
        label: 'Representation weight',
        sentence: 'Pulls inner activations of forgotten images towards those of the rest.',
      },
      {
        kind: 'number',
        key: 'forgetGate',
        symbol: 'γ',
        min: 0,
        max: 1,
        label: 'Entropy gate',
        sentence: 'Above this share of full uncertainty a step only repairs the rest; 0 is off.',
      },
    ],
  },
  {
    title: 'Keeping the rest',
    settings: [
      {
        kind: 'switch',
        key: 'projection',
        label: 'Projection',
        sentence: 'Takes out of the forgetting gradient what would raise the loss on the rest (A-GEM).',
      },
      {
        kind: 'switch',
        key: 'strict',
        label: 'Strict projection',
        sentence: 'Projects the final step too, after momentum and weight decay.',
      },
      {
        kind: 'number',
        key: 'retainShare',
        symbol: 'ρ',
        min: 0,
        max: 10,
        label: 'Retain share',
        sentence: 'How much of the rest’s own gradient is added, to repair while forgetting.',
      },
      {
        kind: 'number',
        key: 'kdWeight',
        symbol: 'β',
        min: 0,
        max: 100,
        label: 'Distillation weight',
        sentence: 'Holds answers on the rest close to those of the network from before.',
      },
      {
        kind: 'number',
        key: 'temperature',
        symbol: 'T',
        min: 0.1,
        max: 100,
        label: 'Temperature',
        sentence: 'Softens both answers before they are compared.',
      },
    ],
  },
  {
    title: 'Steps',
    settings: [
      {
        kind: 'number',
        key: 'learningRate',
        symbol: 'η',
        min: 0.000001,
        max: 1,
        label: 'Learning rate',
        sentence: 'The length of a step.',
      },
      {
        kind: 'number',
        key: 'momentum',
        symbol: 'μ',
        min: 0,
        max: 0.999,
        label: 'Momentum',
        sentence: 'How much of the step before is carried on.',
      },
      {
        kind: 'number',
        key: 'weightDecay',
        symbol: 'w',
        min: 0,
        max: 1,
        label: 'Weight decay',
        sentence: 'Shrinks the weights a little at each step.',
      },
      {
        kind: 'number',
        key: 'maxGradNorm',
        symbol: 'c',
        min: 0,
        max: 1000,
        label: 'Gradient norm limit',
        sentence: 'Longer gradients are cut to this norm; 0 is off.',
      },
      {
        kind: 'number',
        key: 'batchSize',
        symbol: 'B',
        min: 1,
        max: 1024,
        whole: true,
        label: 'Batch size',
        sentence: 'Images to forget in a step, and as many of the rest.',
      },
      {
        kind: 'number',
        key: 'seed',
        min: 0,
        max: 4294967295,
        whole: true,
        label: 'Seed',
        sentence: 'Fixes the order of the images.',
      },
    ],
  },
  {
    title: 'Stopping',
    settings: [
      {
        kind: 'number',
        key: 'targetForgetAccuracy',
        unit: '%',
        min: 0,
        max: 100,
        label: 'Target forget accuracy',
        sentence: 'Stop when no more of the forgotten images than this are recognised.',
      },
      {
        kind: 'number',
        key: 'targetSamples',
        min: 0,
        max: 1000000,
        whole: true,
        label: 'Target samples',
        sentence: 'How many of them a look in between counts; 0 is all, as the last look always does.',
      },
      {
        kind: 'number',
        key: 'checkEvery',
        symbol: 'N',
        min: 1,
        max: 1000,
        whole: true,
        label: 'Check every',
        sentence: 'Steps between two looks at forget accuracy.',
      },
      {
        kind: 'number',
        key: 'retainBudget',
        symbol: 'α',
        min: 1,
        max: 1000,
        label: 'Retain budget',
        sentence: 'Stop when the loss on the rest is this many times its first value.',
      },
      {
        kind: 'number',
        key: 'budgetSamples',
        min: 0,
        max: 1000000,
        whole: true,
        label: 'Budget samples',
        sentence: 'How many images of the rest that loss is judged on; 0 is all of them.',
      },
      {
        kind: 'number',
        key: 'budgetFloor',
        min: 0,
        max: 100,
        label: 'Least budget',
        sentence: 'That loss may always become this, however small it was before.',
      },
      {
        kind: 'number',
        key: 'minSteps',
        min: 0,
        max: 100000,
        whole: true,
        label: 'Least steps',
        sentence: 'The epoch limit holds from this many steps on: few images make short passes.',
      },
      {
        kind: 'number',
        key: 'epochs',
        min: 1,
        max: 1000,
        whole: true,
        label: 'Epoch limit',
        sentence: 'Stop after so many passes over the images to forget.',
      },
    ],
  },
] as const satisfies readonly { title: string; settings: readonly RunSetting[] }[];

type Value<S> = S extends { kind: 'choice'; choices: readonly { value: infer V }[] }
  ? V
  : S extends { kind: 'number' }
    ? number
    : S extends { kind: 'list' }
      ? readonly number[]
      : boolean;
type PageSetting = (typeof pageSettings)[number];

/** The page's own settings. */
export type PageState = { -readonly [S in PageSetting as S['key']]: Value<S> };
/** What the visitor set differently from the preset. */
export type Overrides = { [S in (typeof runSettings)[number]['settings'][number] as S['key']]?: Value<S> };
/** Everything that an address can carry. */
export type State = PageState & { overrides: Overrides };

/** One of the page's settings, by its key. */
export function setting<K extends keyof PageState>(key: K): Extract<PageSetting, { key: K }> {
  return pageSettings.find((s) => s.key === key) as Extract<PageSetting, { key: K }>;
}
