import type { Evaluation } from 'purge-unlearning';

/** An evaluation for tests: of two classes, all right, but for what is given. */
export function evaluation(given: Partial<Evaluation>): Evaluation {
  const attack = {
    auroc: 0.5,
    roc: [] as [number, number][],
    histogram: { edges: [0, 1], members: [0], nonMembers: [0] },
  };
  return {
    classes: { forget: [0], forgotten: [] },
    ta: 100,
    taRetained: 100,
    fa: 100,
    faTest: 100,
    faEarlier: 0,
    ra: 100,
    ua: 0,
    retainLoss: 0,
    mia: { loss: 0.5, confidence: 0.5, mean: 0.5, byClass: [] },
    attacks: { loss: attack, confidence: attack },
    members: 0,
    nonMembers: 0,
    nonMemberSplit: 'test',
    confusion: [],
    confusionTrain: [],
    seconds: 0,
    ...given,
  };
}
