import type { Evaluation } from 'purge-unlearning';
import { numberOf, type Judgement } from './judges';

/** What a comparison goes by. */
export interface Scores {
  /** Percent of unseen images of the rest. */
  taRetained: number;
  fa: number;
  ra: number;
  /** How far the attack that tells most is from chance, 0 to 0.5. */
  mia: number;
  /** Tug of war, 0 to 1; undefined without a retrained network. */
  tow?: number;
  /** Percent of forgotten and other unseen images that a linear probe tells apart by the features. */
  probe?: number;
  /** Steps of relearning until 90 % are recognised, the class's row of the head drawn anew. */
  relearn?: number;
}

/** @param judgement What attacks came to, where they were made: of five membership scores the worst counts, and not of two. */
export function scoresOf(evaluation: Evaluation, retrained: Evaluation | undefined, judgement: Judgement = {}): Scores {
  const { taRetained, fa, ra } = evaluation;
  const auroc = numberOf(judgement.membership, 'worst');
  const mia = auroc === undefined ? worstMia(evaluation) : auroc - 0.5;
  const tow = retrained && towOf(evaluation, retrained);
  const probe = numberOf(judgement.probe, 'penultimate');
  const relearn = numberOf(judgement.relearn, 'anew_fine_90');
  return {
    taRetained,
    fa,
    ra,
    mia,
    ...(tow !== undefined && { tow }),
    ...(probe !== undefined && { probe }),
    ...(relearn !== undefined && { relearn }),
  };
}

/** Of both attacks on each class, the one furthest from chance. */
export function worstMia({ mia }: Pick<Evaluation, 'mia'>): number {
  const all = [mia, ...mia.byClass].flatMap(({ loss, confidence }) => [loss, confidence]);
  return Math.max(...all.map((auroc) => Math.abs(auroc - 0.5)));
}

type Accuracies = Pick<Evaluation, 'fa' | 'ra' | 'ta'>;

/** Tug of war (Zhao et al., NeurIPS 2024): Π (1 − |accuracy − retrained’s|) over D_f, D_r and the test set. */
export function towOf(of: Accuracies, retrained: Accuracies): number {
  const nearness = (key: keyof Accuracies) => 1 - Math.abs(of[key] - retrained[key]) / 100;
  return nearness('fa') * nearness('ra') * nearness('ta');
}

/** What a picture of two scores shows: less of `x` and more of `y` is better. */
export interface Place {
  x: number;
  y: number;
}

/** For each whether another is as good in both and better in one. */
export function dominated(places: readonly Place[]): boolean[] {
  return places.map((of) => places.some(({ x, y }) => x <= of.x && y >= of.y && (x < of.x || y > of.y)));
}
