import type { Evaluation } from 'purge-unlearning';
import type { PageState } from '../state/page-settings';
import type { ClassWords } from './class-words';
import { signed, whole } from './format';
import { cellDifferenceWords, cellPercentWords, cellWords } from './words';

/** One cell of a confusion matrix as it is shown. */
export interface Cell {
  text: string;
  words: string;
  /** How much ink, 0 to 1. */
  ink: number;
  /** A share that fell: shown hollow, so that it is not told by colour alone. */
  fallen: boolean;
}

type Show = PageState['show'];

/** The counts of an evaluation for a split: rows are true classes, columns predicted ones. */
export function countsOf(evaluation: Evaluation, split: PageState['split']): number[][] {
  return split === 'test' ? evaluation.confusion : evaluation.confusionTrain;
}

/** A matrix in percent of each row; rows without images are zero. */
export function shares(counts: readonly number[][]): number[][] {
  return counts.map((row) => {
    const sum = row.reduce((a, b) => a + b, 0);
    return row.map((count) => (sum > 0 ? (count / sum) * 100 : 0));
  });
}

/**
 * The cells of a matrix.
 *
 * @param base The counts that a difference is taken to; absent for the base itself, which then shows percent.
 */
export function cells(
  counts: readonly number[][],
  base: readonly number[][] | undefined,
  show: Show,
  words: readonly ClassWords[],
): Cell[][] {
  const share = shares(counts);
  const baseShare = base && shares(base);
  return counts.map((row, i) =>
    row.map((count, j): Cell => {
      const of = words[i];
      const as = words[j];
      const percent = share[i]?.[j] ?? 0;
      if (!of || !as) throw new RangeError(`A matrix of ${counts.length} classes, but words for ${words.length}.`);
      if (show === 'counts') {
        return {
          text: count === 0 ? '' : whole(count),
          words: cellWords(count, of, as),
          ink: inkOf(percent),
          fallen: false,
        };
      }
      if (show === 'percent' || !baseShare) {
        return { text: short(percent), words: cellPercentWords(percent, of, as), ink: inkOf(percent), fallen: false };
      }
      const change = percent - (baseShare[i]?.[j] ?? 0);
      const text = short(Math.abs(change));
      return {
        text: text && signed(change, Math.abs(change) < 9.95 ? 1 : 0),
        words: cellDifferenceWords(change, of, as),
        ink: inkOf(Math.abs(change)),
        fallen: change < 0 && text !== '',
      };
    }),
  );
}

/** Small shares are what there is to see, so ink grows with the square root. */
function inkOf(percent: number): number {
  return Math.sqrt(Math.min(1, percent / 100));
}

function short(percent: number): string {
  if (percent < 0.05) return '';
  return percent < 9.95 ? percent.toFixed(1) : percent.toFixed(0);
}
