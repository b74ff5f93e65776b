/** Every setting of every method; any left out comes from the preset. */
export interface MethodSettings {
  /** What the network shall say of the forgotten images instead. */
  objective?: 'retain_confusion' | 'conditional' | 'uniform' | 'gradient_ascent';
  /** λ, weight of the representation loss: 0 to 1e6. */
  representationWeight?: number;
  /** γ, the entropy gate: 0 (off) to 1. */
  forgetGate?: number;
  /** A-GEM projection. */
  projection?: boolean;
  /** Ours: project the final direction, after momentum and decay. */
  strict?: boolean;
  /** ρ, ours: share of the retain gradient that is added, 0 to 1e6. */
  retainShare?: number;
  /** β, weight of the distillation loss: 0 to 1e6. */
  kdWeight?: number;
  /** T, above 0 up to 1e6. */
  temperature?: number;
  /** η, above 0 up to 1e9. */
  learningRate?: number;
  /** μ, from 0 to below 1. */
  momentum?: number;
  /** w, 0 to 1000. */
  weightDecay?: number;
  /** c, the global norm that gradients are cut to: 0 (off) to 1e12. */
  maxGradNorm?: number;
  /** B, images to forget in a step, and as many of the rest: 1 to 65536. */
  batchSize?: number;
  /** Images in a pass: larger batches go through in parts, with the same result in less memory; 0 for what fits, to 65536. */
  samplesAtOnce?: number;
  /** Fixes the order of the images: 0 to 2⁵³ − 1. */
  seed?: number;
  /** Stop when forget accuracy on D_f is at most this: 0 to 100 percent. */
  targetForgetAccuracy?: number;
  /** Ours: how many samples of D_f are checked between the ends of epochs, before a last look at all; 0 for all, as published. */
  targetSamples?: number;
  /** N: forget accuracy is checked every N steps, 1 to 1e9. */
  checkEvery?: number;
  /** α: stop when the retain loss exceeds α times its first value, 1 to 1e12; 0 turns it off. */
  retainBudget?: number;
  /** Ours: how many samples of D_r the retain budget is judged on; 0 for all, as published. */
  budgetSamples?: number;
  /** Ours: the retain budget is at least this, in nats, 0 (as published) to 1e6. */
  budgetFloor?: number;
  /** Ours: the epoch limit holds from this many steps on; 0 as published. */
  minSteps?: number;
  /** Epoch limit: passes over D_f, 1 to 1e9. */
  epochs?: number;
}

export type SettingKey = keyof MethodSettings;
export type GroupKey = 'forgetting' | 'keeping' | 'steps' | 'stopping';
export type MethodName = 'purge' | 'gradient_ascent' | 'fine_tune';
export type PresetName = 'published' | 'strict' | 'authors';

/** Why a run ended. */
export type StopReason =
  'forget_target' | 'retain_budget' | 'epoch_limit' | 'cancelled' | 'nothing_to_forget' | 'diverged';

/** One setting of a run: what it is called, what it does and which values it takes. */
export interface SettingInfo {
  key: SettingKey;
  /** The paper's letter. */
  symbol?: string;
  label: string;
  sentence: string;
  group: GroupKey;
  kind: 'number' | 'whole' | 'switch' | 'choice';
  /** Least and greatest value of a number, both allowed… */
  min?: number;
  max?: number;
  /** …but `min` itself is not, */
  above?: true;
  /** nor is `max`. */
  below?: true;
  /** 0 is allowed too and turns it off. */
  zeroIsOff?: true;
  unit?: string;
  choices?: readonly { value: string; label: string }[];
}

/** A way to make a network forget. */
export interface MethodInfo {
  name: MethodName;
  title: string;
  sentence: string;
  year: number;
  /** Address of the paper. */
  paper: string;
  presets: readonly { name: PresetName; label: string; sentence: string }[];
  defaultPreset: PresetName;
  /** Which of the settings it has. */
  settings: readonly SettingKey[];
  /** What its steps report. */
  scalars: readonly { key: string; label: string; kind: 'number' | 'flag' }[];
}

export const settingGroups: readonly { key: GroupKey; title: string }[] = [
  { key: 'forgetting', title: 'Forgetting' },
  { key: 'keeping', title: 'Keeping the rest' },
  { key: 'steps', title: 'Steps' },
  { key: 'stopping', title: 'Stopping' },
];

export const settings: readonly SettingInfo[] = [
  {
    key: 'objective',
    label: 'Objective',
    sentence: 'What the network shall say of the forgotten images instead.',
    group: 'forgetting',
    kind: 'choice',
    choices: [
      { value: 'retain_confusion', label: 'Its mean answer on the rest' },
      { value: 'conditional', label: 'Its answer without the class' },
      { value: 'uniform', label: 'Every class alike' },
      { value: 'gradient_ascent', label: 'Anything but the truth' },
    ],
  },
  {
    key: 'representationWeight',
    symbol: 'λ',
    label: 'Representation weight',
    sentence: 'Pulls inner activations of forgotten images towards those of the rest.',
    group: 'forgetting',
    kind: 'number',
    min: 0,
    max: 1e6,
  },
  {
    key: 'forgetGate',
    symbol: 'γ',
    label: 'Entropy gate',
    sentence: 'Above this share of full uncertainty a step only repairs the rest; 0 is off.',
    group: 'forgetting',
    kind: 'number',
    min: 0,
    max: 1,
  },
  {
    key: 'projection',
    label: 'Projection',
    sentence: 'Takes out of the forgetting gradient what would raise the loss on the rest (A-GEM).',
    group: 'keeping',
    kind: 'switch',
  },
  {
    key: 'strict',
    label: 'Strict projection',
    sentence: 'Projects the final step too, after momentum and weight decay.',
    group: 'keeping',
    kind: 'switch',
  },
  {
    key: 'retainShare',
    symbol: 'ρ',
    label: 'Retain share',
    sentence: 'How much of the rest’s own gradient is added, to repair while forgetting.',
    group: 'keeping',
    kind: 'number',
    min: 0,
    max: 1e6,
  },
  {
    key: 'kdWeight',
    symbol: 'β',
    label: 'Distillation weight',
    sentence: 'Holds answers on the rest close to those of the network from before.',
    group: 'keeping',
    kind: 'number',
    min: 0,
    max: 1e6,
  },
  {
    key: 'temperature',
    symbol: 'T',
    label: 'Temperature',
    sentence: 'Softens both answers before they are compared.',
    group: 'keeping',
    kind: 'number',
    min: 0,
    max: 1e6,
    above: true,
  },
  {
    key: 'learningRate',
    symbol: 'η',
    label: 'Learning rate',
    sentence: 'The length of a step.',
    group: 'steps',
    kind: 'number',
    min: 0,
    max: 1e9,
    above: true,
  },
  {
    key: 'momentum',
    symbol: 'μ',
    label: 'Momentum',
    sentence: 'How much of the step before is carried on.',
    group: 'steps',
    kind: 'number',
    min: 0,
    max: 1,
    below: true,
  },
  {
    key: 'weightDecay',
    symbol: 'w',
    label: 'Weight decay',
    sentence: 'Shrinks the weights a little at each step.',
    group: 'steps',
    kind: 'number',
    min: 0,
    max: 1e3,
  },
  {
    key: 'maxGradNorm',
    symbol: 'c',
    label: 'Gradient norm limit',
    sentence: 'Longer gradients are cut to this norm; 0 is off.',
    group: 'steps',
    kind: 'number',
    min: 0,
    max: 1e12,
  },
  {
    key: 'batchSize',
    symbol: 'B',
    label: 'Batch size',
    sentence: 'Images to forget in a step, and as many of the rest.',
    group: 'steps',
    kind: 'whole',
    min: 1,
    max: 65_536,
  },
  {
    key: 'samplesAtOnce',
    label: 'Images at once',
    sentence: 'Larger batches go through in parts, with the same result in less memory; 0 is what fits.',
    group: 'steps',
    kind: 'whole',
    min: 0,
    max: 65_536,
  },
  {
    key: 'seed',
    label: 'Seed',
    sentence: 'Fixes the order of the images.',
    group: 'steps',
    kind: 'whole',
    min: 0,
    max: 9_007_199_254_740_991,
  },
  {
    key: 'targetForgetAccuracy',
    label: 'Target forget accuracy',
    sentence: 'Stop when no more of the forgotten images than this are recognised.',
    group: 'stopping',
    kind: 'number',
    min: 0,
    max: 100,
    unit: '%',
  },
  {
    key: 'targetSamples',
    label: 'Target samples',
    sentence: 'How many of them a look in between counts; 0 is all, as the last look always does.',
    group: 'stopping',
    kind: 'whole',
    min: 0,
    max: 1e9,
  },
  {
    key: 'checkEvery',
    symbol: 'N',
    label: 'Check every',
    sentence: 'Steps between two looks at forget accuracy.',
    group: 'stopping',
    kind: 'whole',
    min: 1,
    max: 1e9,
  },
  {
    key: 'retainBudget',
    symbol: 'α',
    label: 'Retain budget',
    sentence: 'Stop when the loss on the rest is this many times its first value; 0 is off.',
    group: 'stopping',
    kind: 'number',
    min: 1,
    max: 1e12,
    zeroIsOff: true,
  },
  {
    key: 'budgetSamples',
    label: 'Budget samples',
    sentence: 'How many images of the rest that loss is judged on; 0 is all of them.',
    group: 'stopping',
    kind: 'whole',
    min: 0,
    max: 1e9,
  },
  {
    key: 'budgetFloor',
    label: 'Least budget',
    sentence: 'That loss may always become this, however small it was before.',
    group: 'stopping',
    kind: 'number',
    min: 0,
    max: 1e6,
  },
  {
    key: 'minSteps',
    label: 'Least steps',
    sentence: 'The epoch limit holds from this many steps on: few images make short passes.',
    group: 'stopping',
    kind: 'whole',
    min: 0,
    max: 1e9,
  },
  {
    key: 'epochs',
    label: 'Epoch limit',
    sentence: 'Stop after so many passes over the images to forget.',
    group: 'stopping',
    kind: 'whole',
    min: 1,
    max: 1e9,
  },
];

const commonSettings: readonly SettingKey[] = [
  'learningRate',
  'momentum',
  'weightDecay',
  'maxGradNorm',
  'batchSize',
  'samplesAtOnce',
  'epochs',
  'minSteps',
  'checkEvery',
  'targetForgetAccuracy',
  'targetSamples',
  'retainBudget',
  'budgetSamples',
  'budgetFloor',
  'seed',
];

const commonPresets: MethodInfo['presets'] = [
  {
    name: 'published',
    label: 'Published',
    sentence: 'The method as it is, with a learning rate that suits this network.',
  },
  { name: 'authors', label: 'Authors', sentence: 'The raw values that PURGE’s authors compare with.' },
];

export const methods: readonly MethodInfo[] = [
  {
    name: 'purge',
    title: 'PURGE',
    sentence: 'Steps that make the network forget, each projected so that it does no harm to the rest.',
    year: 2026,
    paper: 'https://arxiv.org/abs/2606.03808',
    presets: [
      {
        name: 'published',
        label: 'Published',
        sentence: 'The paper’s algorithm as it is, with a learning rate that suits this network.',
      },
      {
        name: 'strict',
        label: 'Strict',
        sentence: 'Our options added: no step, momentum included, may go against the rest.',
      },
      {
        name: 'authors',
        label: 'Authors',
        sentence: 'The authors’ raw values. They belong to a far larger network, and hardly forget here.',
      },
    ],
    defaultPreset: 'strict',
    settings: settings.map(({ key }) => key),
    scalars: [
      { key: 'retainCe', label: 'Loss on the rest', kind: 'number' },
      { key: 'retainKd', label: 'Distillation loss', kind: 'number' },
      { key: 'forgetCe', label: 'Loss on what is forgotten', kind: 'number' },
      { key: 'forgetObjective', label: 'Forgetting loss', kind: 'number' },
      { key: 'representation', label: 'Representation loss', kind: 'number' },
      { key: 'forgetEntropy', label: 'Entropy', kind: 'number' },
      { key: 'dot', label: '⟨g_f, g_r⟩', kind: 'number' },
      { key: 'retainSqNorm', label: '‖g_r‖²', kind: 'number' },
      { key: 'forgetSqNorm', label: '‖g_f‖²', kind: 'number' },
      { key: 'cosine', label: 'cos(g_f, g_r)', kind: 'number' },
      { key: 'updateNorm', label: 'Gradient norm', kind: 'number' },
      { key: 'updateCosine', label: 'cos(step, g_r)', kind: 'number' },
      { key: 'projected', label: 'Projected', kind: 'flag' },
      { key: 'retainOnly', label: 'Repairs only', kind: 'flag' },
      { key: 'violation', label: 'Against the rest', kind: 'flag' },
      { key: 'retainAccuracy', label: 'Accuracy on the rest', kind: 'number' },
      { key: 'forgetAccuracy', label: 'Accuracy on what is forgotten', kind: 'number' },
    ],
  },
  {
    name: 'gradient_ascent',
    title: 'Gradient ascent',
    sentence: 'Steps up the loss on what is to be forgotten, whatever becomes of the rest.',
    year: 2022,
    paper: 'https://arxiv.org/abs/2109.13398',
    presets: commonPresets,
    defaultPreset: 'published',
    settings: commonSettings,
    scalars: [
      { key: 'forgetCe', label: 'Loss on what is forgotten', kind: 'number' },
      { key: 'updateNorm', label: 'Gradient norm', kind: 'number' },
      { key: 'forgetAccuracy', label: 'Accuracy on what is forgotten', kind: 'number' },
    ],
  },
  {
    name: 'fine_tune',
    title: 'Fine-tuning',
    sentence: 'Trains on with the rest only, and hopes that the class is forgotten on the way.',
    year: 2020,
    paper: 'https://arxiv.org/abs/1911.04933',
    presets: commonPresets,
    defaultPreset: 'published',
    settings: commonSettings,
    scalars: [
      { key: 'retainCe', label: 'Loss on the rest', kind: 'number' },
      { key: 'updateNorm', label: 'Gradient norm', kind: 'number' },
      { key: 'retainAccuracy', label: 'Accuracy on the rest', kind: 'number' },
    ],
  },
];
