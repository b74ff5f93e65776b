import type { Evaluation } from 'purge-unlearning';
import type { ClassWords } from './class-words';
import { percent } from './format';

/** One row of the scores. */
export interface Score {
  key: string;
  symbol: string;
  label: string;
  meaning: string;
  of: (evaluation: Evaluation) => number;
  text: (value: number) => string;
  /** Digits of a difference. */
  digits: number;
  /** The ends of the small scale; absent where there is no natural one. */
  scale?: readonly [number, number];
}

/** Every score, in the order in which they are read. */
export function scoresFor(forgotten: ClassWords, forgottenEarlier?: ClassWords): Score[] {
  const accuracy = { text: percent, digits: 1, scale: [0, 100] as const };
  const earlier: Score[] = forgottenEarlier
    ? [
        {
          key: 'faEarlier',
          symbol: 'FA earlier',
          label: 'Forget accuracy, earlier',
          meaning: `The ${forgottenEarlier.all}, which it was made to forget before.`,
          of: (e) => e.faEarlier,
          ...accuracy,
        },
      ]
    : [];
  return [
    {
      key: 'fa',
      symbol: 'FA',
      label: 'Forget accuracy',
      meaning: `The ${forgotten.all} it learnt from, still recognised.`,
      of: (e) => e.fa,
      ...accuracy,
    },
    {
      key: 'faTest',
      symbol: 'FA test',
      label: 'Forget accuracy, unseen',
      meaning: `The ${forgotten.all} it never saw.`,
      of: (e) => e.faTest,
      ...accuracy,
    },
    ...earlier,
    {
      key: 'ua',
      symbol: 'UA',
      label: 'Unlearning accuracy',
      meaning: '100 minus FA.',
      of: (e) => e.ua,
      ...accuracy,
    },
    {
      key: 'ra',
      symbol: 'RA',
      label: 'Retain accuracy',
      meaning: 'The other images it learnt from.',
      of: (e) => e.ra,
      ...accuracy,
    },
    {
      key: 'taRetained',
      symbol: 'TAᵣ',
      label: 'Test accuracy, the rest',
      meaning: 'Unseen images of the other classes.',
      of: (e) => e.taRetained,
      ...accuracy,
    },
    {
      key: 'ta',
      symbol: 'TA',
      label: 'Test accuracy',
      meaning: `All unseen images; without the ${forgotten.all} it has to fall.`,
      of: (e) => e.ta,
      ...accuracy,
    },
    {
      key: 'retainLoss',
      symbol: 'Lᵣ',
      label: 'Retain loss',
      meaning: 'Mean cross-entropy on the other images it learnt from, in nats.',
      of: (e) => e.retainLoss,
      text: (value) => value.toFixed(3),
      digits: 3,
    },
    {
      key: 'mia',
      symbol: 'MIA',
      label: 'Membership attack',
      meaning: 'Mean area under the curve; 0.5 is chance. Says nothing without FA.',
      of: (e) => e.mia.mean,
      text: (value) => value.toFixed(3),
      digits: 3,
      scale: [0, 1],
    },
  ];
}
