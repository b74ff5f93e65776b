import { certificateScalars, methods, type MethodName, type MethodSettings, type PresetName } from 'purge-unlearning';
import { columns } from '../comparing/columns';

interface Common {
  /** Name in the address, and the field of the state. */
  key: string;
  label: string;
  sentence: string;
}

/** One of a few words. */
export interface ChoiceSetting extends Common {
  kind: 'choice';
  choices: readonly { value: string; label: string; sentence?: string }[];
}

/** Some of the whole numbers from `min` to `max`, at least one of them. */
export interface ListSetting extends Common {
  kind: 'list';
  min: number;
  max: number;
}

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
    key: 'workers',
    default: 'auto',
    label: 'Workers',
    sentence: 'How many workers share the work on the CPU. Results do not depend on it.',
    choices: [
      { value: 'auto', label: 'Automatic' },
      { value: '1', label: '1' },
      { value: '2', label: '2' },
      { value: '3', label: '3' },
      { value: '4', label: '4' },
      { value: '5', label: '5' },
      { value: '6', label: '6' },
      { value: '7', label: '7' },
      { value: '8', label: '8' },
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
    key: 'method',
    default: 'purge',
    label: 'Method',
    sentence: 'How the network is made to forget.',
    choices: methods.map(({ name, title, sentence }) => ({ value: name, label: title, sentence })),
  },
  {
    kind: 'choice',
    key: 'scalar',
    default: 'auto',
    label: 'Drawn while it runs',
    sentence: 'Which of a method’s own numbers the small chart has.',
    choices: [{ value: 'auto', label: 'Automatic' }, ...scalarChoices()],
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
  {
    kind: 'choice',
    key: 'story',
    default: 'none',
    label: 'Story',
    sentence: 'Which of the two stories is told.',
    choices: [
      { value: 'none', label: 'None' },
      { value: 'batch', label: 'Does batch norm remember?' },
      { value: 'uniform', label: 'Why not every class alike?' },
    ],
  },
  {
    kind: 'choice',
    key: 'judges',
    default: 'scores',
    label: 'Judged by',
    sentence: 'What the methods are compared by.',
    choices: [
      { value: 'scores', label: 'Scores' },
      {
        value: 'attacks',
        label: 'Scores and attacks',
        sentence:
          'Each network is attacked too: five membership scores, a linear probe, relearning. It takes several times as long.',
      },
    ],
  },
  {
    kind: 'choice',
    key: 'sort',
    default: 'run',
    label: 'Sorted by',
    sentence: 'What the table of methods is sorted by.',
    choices: [
      { value: 'run', label: 'As they ran' },
      { value: 'method', label: 'Method' },
      ...columns.map(({ key, symbol }) => ({ value: key, label: symbol })),
    ],
  },
  {
    kind: 'choice',
    key: 'order',
    default: 'ascending',
    label: 'Order',
    sentence: 'Which way round the table of methods is sorted.',
    choices: [
      { value: 'ascending', label: 'Ascending' },
      { value: 'descending', label: 'Descending' },
    ],
  },
  {
    kind: 'choice',
    key: 'against',
    default: 'fa',
    label: 'Held against',
    sentence: 'What the picture of methods holds against the accuracy on the rest.',
    choices: [
      { value: 'fa', label: 'Forget accuracy' },
      { value: 'mia', label: 'Worst attack' },
    ],
  },
] as const satisfies readonly (
  (ChoiceSetting & { default: string }) | (ListSetting & { default: readonly number[] })
)[];

/** Whatever the steps of any run report, each once. */
function scalarChoices(): { value: string; label: string }[] {
  const all = [...methods.flatMap(({ scalars }) => scalars), ...certificateScalars];
  const labels = new Map(all.map(({ key, label }) => [key, label] as const));
  return Array.from(labels, ([value, label]) => ({ value, label }));
}

type Value<S> = S extends { kind: 'choice'; choices: readonly { value: infer V }[] } ? V : readonly number[];
type PageSetting = (typeof pageSettings)[number];

/** The page's own settings. */
export type PageState = { -readonly [S in PageSetting as S['key']]: Value<S> };

/** What is set of a run. */
export interface RunState {
  method: MethodName;
  preset: PresetName;
  /** What the visitor set differently from the preset. */
  overrides: MethodSettings;
}

/** Everything that an address can carry. */
export type State = PageState & RunState;

/** One of the page's settings, by its key. */
export function setting<K extends keyof PageState>(key: K): Extract<PageSetting, { key: K }> {
  return pageSettings.find((s) => s.key === key) as Extract<PageSetting, { key: K }>;
}

/** What a data set that comes with the page is called. */
export function servedTitle(name: PageState['dataset']): string {
  return setting('dataset').choices.find((choice) => choice.value === name)?.label ?? name;
}
